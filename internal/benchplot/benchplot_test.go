package benchplot_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/bench"
	"github.com/posternsql/postern/internal/benchplot"
)

// requireDrawn draws a report, and checks which texts its drawing has.
func requireDrawn(t *testing.T, report *bench.Report, want, unwanted []string) {
	t.Helper()
	var drawn bytes.Buffer
	if err := benchplot.Plot(report, &drawn); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(drawn.Bytes(), new(struct{})); err != nil {
		t.Errorf("the plot is not XML: %v", err)
	}
	for _, text := range want {
		if !strings.Contains(drawn.String(), ">"+text+"<") {
			t.Errorf("%q is not drawn", text)
		}
	}
	for _, text := range unwanted {
		if strings.Contains(drawn.String(), ">"+text+"<") {
			t.Errorf("%q is drawn", text)
		}
	}
	if strings.Contains(drawn.String(), "NaN") || strings.Contains(drawn.String(), "Inf") {
		t.Errorf("something has no place:\n%s", drawn.String())
	}
}

func TestRatiosAreDrawnAndNothingElse(t *testing.T) {
	t.Parallel()
	cost := bench.Spread{Median: 2, Low: 1, High: 4}
	report := &bench.Report{Machine: bench.Machine{Version: "15.18 <&>", Processor: "a processor", Cores: 2}, Results: []bench.Result{{Name: "rate", Unit: "events/s", SubjectCost: cost, Measured: cost}}}
	if err := benchplot.Plot(report, new(bytes.Buffer)); err == nil {
		t.Error("a report without a ratio is drawn")
	}
	for number := range 30 {
		ratio := bench.Spread{Median: float64(number+1) / 2, Low: float64(number+1) / 3, High: float64(number + 1)}
		report.Results = append(report.Results, bench.Result{Name: fmt.Sprintf("ratio-%d", number), Unit: "ms", SubjectCost: cost, BaselineCost: &cost, Measured: ratio})
	}
	requireDrawn(t, report, []string{"ratio-0", "ratio-29", "times the baseline", "1", "20"}, []string{"rate"})
}

func TestGrowthIsDrawn(t *testing.T) {
	t.Parallel()
	report := &bench.Report{Quick: true}
	for _, name := range (bench.Options{Growth: true}).Names() {
		_, size, _, is := bench.GrowthOf(name)
		if !is {
			t.Fatalf("%s is no growth", name)
		}
		cost := bench.Spread{Median: size / 1000, Low: size / 2000, High: size / 500}
		report.Results = append(report.Results, bench.Result{Name: name, Unit: "ms", SubjectCost: cost, Measured: cost})
	}
	requireDrawn(t, report, []string{"companies", "combinations", "users", "log", "ms to read", "ms to write", "MB of a session", "10000000"}, nil)

	// A single size is a dot.
	report.Results = report.Results[:3]
	requireDrawn(t, report, []string{"companies"}, []string{"users"})
}
