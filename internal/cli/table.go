package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/posternsql/postern/internal/printable"
)

// printTable writes rows under a header: as a table on a terminal, otherwise separated by tabs for cut and awk.
func (a *application) printTable(header []string, rows [][]string) {
	(&pagedTable{app: a, header: header}).print(rows)
}

// pagedTable prints a table page by page, so that it keeps only one page in memory. On a terminal each page is a table
// of its own.
type pagedTable struct {
	app     *application
	header  []string
	started bool
}

func (p *pagedTable) print(rows [][]string) {
	if !terminal(p.app.out) {
		if !p.started {
			p.started = true
			p.app.printf("%s\n", verbatim(strings.Join(p.header, "\t")))
		}
		for _, row := range rows {
			cells := make([]string, len(row))
			for index, cell := range row {
				cells[index] = printable.Text(cell)
			}
			p.app.printf("%s\n", verbatim(strings.Join(cells, "\t")))
		}
		return
	}
	if len(rows) == 0 {
		return // the command says in words that there are none
	}
	cells := make([][]string, 0, len(rows)+1)
	cells = append(cells, p.header)
	for _, row := range rows {
		shown := make([]string, len(row))
		for index, cell := range row {
			shown[index] = printable.Text(cell)
		}
		cells = append(cells, shown)
	}
	writer := table.NewWriter()
	writer.SetOutputMirror(p.app.out)
	writer.SetStyle(table.StyleLight)
	writer.Style().Format.Header = text.FormatDefault
	if width, _, err := term.GetSize(int(file(p.app.out).Fd())); err == nil && width > 0 {
		writer.SetColumnConfigs(fit(cells, width))
	}
	writer.AppendHeader(tableRow(p.header))
	for _, row := range cells[1:] {
		for index, cell := range row {
			row[index] = string(p.app.paint(cell))
		}
		writer.AppendRow(tableRow(row))
	}
	writer.Render()
}

// minimumColumn is the width in characters below which no column is narrowed.
const minimumColumn = 10

// fit narrows the widest columns until the table fits; their cells then take several lines. It breaks a word only if
// the table does not fit otherwise.
func fit(cells [][]string, width int) []table.ColumnConfig {
	columns := make([]table.ColumnConfig, len(cells[0]))
	words := make([]int, len(columns)) // the width of each column's longest word
	total := 1
	for index := range columns {
		columns[index].Number = index + 1
		columns[index].WidthMaxEnforcer = text.WrapSoft
		for _, row := range cells {
			columns[index].WidthMax = max(columns[index].WidthMax, text.StringWidth(row[index]))
			for word := range strings.FieldsSeq(row[index]) {
				words[index] = max(words[index], text.StringWidth(word))
			}
		}
		total += columns[index].WidthMax + 3 // the line and a space on either side
	}
	for ; total > width; total-- {
		widest, isBetweenWords := -1, false
		for index, column := range columns {
			if column.WidthMax <= minimumColumn {
				continue
			}
			fits := column.WidthMax > words[index]
			if widest < 0 || fits && !isBetweenWords || fits == isBetweenWords && column.WidthMax > columns[widest].WidthMax {
				widest, isBetweenWords = index, fits
			}
		}
		if widest < 0 {
			break
		}
		columns[widest].WidthMax--
	}
	return columns
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for index, cell := range cells {
		row[index] = cell
	}
	return row
}

// paint shows a cell, and colours words that name a state.
func (a *application) paint(cell string) verbatim {
	switch cell {
	case "passed", "active", "enabled", "ok":
		return a.coloured(text.FgGreen, cell)
	case "denied", "locked", "error", "not ok":
		return a.coloured(text.FgRed, cell)
	case accepted:
		return a.coloured(text.Faint, cell)
	case "cancelled", "inactive", "disabled", "retired", "warn":
		return a.coloured(text.FgYellow, cell)
	}
	return verbatim(printable.Text(cell))
}

// coloured colours a line if standard output takes colours.
func (a *application) coloured(paint text.Color, line string) verbatim {
	line = printable.Text(line)
	if colour(a.out) {
		line = paint.Sprint(line)
	}
	return verbatim(line)
}

// stamp shows a time to the second, in this machine's time zone.
func stamp(moment time.Time) string { return printable.Moment(moment) }

func stampOrDash(moment *time.Time) string {
	if moment == nil {
		return "-"
	}
	return stamp(*moment)
}

func valueOrDash(value *string) string {
	if value == nil {
		return "-"
	}
	return orDash(*value)
}

// shell quotes an argument so that a shell reads it back unchanged.
func shell(argument string) string {
	if argument != "" && strings.Trim(argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") == "" && argument[0] != '-' {
		return argument
	}
	return "'" + strings.ReplaceAll(printable.Text(argument), "'", `'\''`) + "'"
}

func plural(count int64, noun string) string {
	switch {
	case count == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", count, strings.TrimSuffix(noun, "y"))
	case noun == "leaf":
		return fmt.Sprintf("%d leaves", count)
	}
	return fmt.Sprintf("%d %ss", count, noun)
}
