// Package benchplot draws what "bench --json" has measured. No command of the installer imports it: the library that
// draws has 8 MB of fonts, and reads them when a program starts.
package benchplot

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/posternsql/postern/internal/bench"
)

// lineColors are told apart by people who do not tell red from green.
var lineColors = []color.RGBA{{0x1f, 0x5f, 0xa8, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x80, 0x66, 0xff}, {0x8a, 0x3f, 0x8f, 0xff}}

// mark is the color of a ratio.
var mark = lineColors[0]

const (
	plotWidth = 24 * vg.Centimeter
	// lineHeight is the height of one measurement in the plot.
	lineHeight = 0.7 * vg.Centimeter
	// frameHeight is what title and axis take.
	frameHeight = 2.5 * vg.Centimeter
	padding     = 0.5 * vg.Centimeter
	// panelHeight is the height of one cost in the plot of the growth.
	panelHeight = 9 * vg.Centimeter
)

// Plot draws a report as SVG: its growth if it has any, otherwise its ratios.
func Plot(r *bench.Report, out io.Writer) error {
	if dimensions := grown(r); len(dimensions) > 0 {
		return plotGrowth(r, dimensions, out)
	}
	return plotRatios(r, out)
}

// plotRatios draws the ratios on a logarithmic axis: a dot for the median, and a line from the 10th to the 90th
// percentile. It leaves out times and rates, which have no baseline.
func plotRatios(r *bench.Report, out io.Writer) error {
	ratios := slices.DeleteFunc(slices.Clone(r.Results), func(result bench.Result) bool { return result.BaselineCost == nil || result.Measured.Low <= 0 })
	if len(ratios) == 0 {
		return errors.New("none of the measurements is a ratio, so there is nothing to draw")
	}
	slices.Reverse(ratios) // the axis begins at the bottom
	chart := newPlot(title(r))
	chart.X.Label.Text = "times the baseline"
	chart.X.Scale, chart.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(decimalTicks)

	points := struct {
		plotter.XYs
		plotter.XErrors
	}{}
	names := []string{}
	for number, result := range ratios {
		points.XYs = append(points.XYs, plotter.XY{X: result.Measured.Median, Y: float64(number)})
		points.XErrors = append(points.XErrors, struct{ Low, High float64 }{result.Measured.Median - result.Measured.Low, result.Measured.High - result.Measured.Median})
		names = append(names, result.Name)
	}
	dots, err := plotter.NewScatter(points.XYs)
	if err != nil {
		return err
	}
	dots.Shape, dots.Color = draw.CircleGlyph{}, mark
	spreads, err := plotter.NewXErrorBars(points)
	if err != nil {
		return err
	}
	spreads.Color = mark
	chart.Add(plotter.NewGrid(), spreads, dots)
	chart.NominalY(names...)
	chart.Y.Min, chart.Y.Max = -0.5, float64(len(names))-0.5
	chart.X.Min, chart.X.Max = min(chart.X.Min, 0.9), max(chart.X.Max, 1.1)
	return write([]*plot.Plot{chart}, frameHeight+lineHeight*vg.Length(len(names)), out)
}

// grown lists what grows in a report, in its order.
func grown(r *bench.Report) []string {
	dimensions := []string{}
	for _, result := range r.Results {
		if dimension, _, _, is := bench.GrowthOf(result.Name); is && !slices.Contains(dimensions, dimension) {
			dimensions = append(dimensions, dimension)
		}
	}
	return dimensions
}

// plotGrowth draws one panel for each cost, with a line for each part that grows. Both axes are logarithmic.
func plotGrowth(r *bench.Report, dimensions []string, out io.Writer) error {
	panels := []*plot.Plot{}
	for _, cost := range []struct{ name, axis string }{{"read", "ms to read"}, {"write", "ms to write"}, {"memory", "MB of a session"}} {
		chart := newPlot("")
		chart.X.Label.Text, chart.Y.Label.Text = "size", cost.axis
		chart.X.Scale, chart.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(powerTicks)
		chart.Y.Scale, chart.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(decimalTicks)
		chart.Add(plotter.NewGrid())
		for number, dimension := range dimensions {
			points := plotter.XYs{}
			for _, result := range r.Results {
				if of, size, what, is := bench.GrowthOf(result.Name); is && of == dimension && what == cost.name && result.Measured.Median > 0 {
					points = append(points, plotter.XY{X: size, Y: result.Measured.Median})
				}
			}
			if len(points) == 0 {
				continue
			}
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return err
			}
			line.Color, dots.Color, dots.Shape = lineColors[number%len(lineColors)], lineColors[number%len(lineColors)], draw.CircleGlyph{}
			chart.Add(line, dots)
			chart.Legend.Add(dimension, line, dots)
		}
		chart.Legend.Top, chart.Legend.Left, chart.Legend.Padding = true, true, 0.1*vg.Centimeter
		// Costs that do not grow are a level line in the middle, and a single size is a dot.
		chart.X.Min, chart.X.Max = min(chart.X.Min, 1), max(chart.X.Max, 10)
		chart.Y.Min, chart.Y.Max = chart.Y.Min/2, chart.Y.Max*8
		panels = append(panels, chart)
	}
	panels[0].Title.Text = title(r)
	return write(panels, panelHeight*vg.Length(len(panels)), out)
}

func title(r *bench.Report) string {
	text := fmt.Sprintf("PostgreSQL %s, %s, %d cores", r.Machine.Version, r.Machine.Processor, r.Machine.Cores)
	if r.Quick {
		text += ": few, short rounds, nothing to judge by"
	}
	return text
}

// newPlot is an empty plot in the style of all.
func newPlot(title string) *plot.Plot {
	chart := plot.New()
	chart.Title.Text = title
	chart.Title.Padding = 0.3 * vg.Centimeter
	for _, style := range []*text.Style{&chart.Title.TextStyle, &chart.X.Label.TextStyle, &chart.Y.Label.TextStyle, &chart.X.Tick.Label, &chart.Y.Tick.Label, &chart.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	return chart
}

// decimalTicks marks 1, 2 and 5 of each power of ten, in digits that everybody reads.
func decimalTicks(low, high float64) []plot.Tick {
	ticks := []plot.Tick{}
	for power := 1e-6; power <= high; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if value := power * digit; value >= low*0.999 && value <= high*1.001 {
				ticks = append(ticks, plot.Tick{Value: value, Label: fmt.Sprintf("%.6g", value)})
			}
		}
	}
	return ticks
}

// powerTicks marks the powers of ten.
func powerTicks(low, high float64) []plot.Tick {
	ticks := []plot.Tick{}
	for power := 1.0; power <= high*1.001; power *= 10 {
		if power >= low*0.999 {
			ticks = append(ticks, plot.Tick{Value: power, Label: fmt.Sprintf("%.0f", power)})
		}
	}
	return ticks
}

// write draws plots below each other.
func write(charts []*plot.Plot, height vg.Length, out io.Writer) error {
	canvas := vgsvg.New(plotWidth, height)
	tiles := draw.Tiles{Rows: len(charts), Cols: 1, PadX: padding, PadY: padding, PadLeft: padding, PadRight: padding, PadTop: padding, PadBottom: padding}
	for number, chart := range charts {
		chart.Draw(tiles.At(draw.New(canvas), 0, number))
	}
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return err
	}
	// Whoever does not have the font gets a similar one.
	_, err := out.Write(bytes.ReplaceAll(drawn.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,sans-serif;")))
	return err
}
