package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

func TestMoments(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.Local)
	for given, want := range map[string]time.Time{
		"2026-03-31":           time.Date(2026, 3, 31, 0, 0, 0, 0, time.Local),
		"2026-03-31 14:30":     time.Date(2026, 3, 31, 14, 30, 0, 0, time.Local),
		"2026-03-31 14:30:15":  time.Date(2026, 3, 31, 14, 30, 15, 0, time.Local),
		"2026-03-31T14:30:00Z": time.Date(2026, 3, 31, 14, 30, 0, 0, time.UTC),
		"90m":                  now.Add(-90 * time.Minute),
		"7d":                   time.Date(2026, 3, 24, 12, 0, 0, 0, time.Local),
	} {
		if got, err := parseMoment(given, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v, want %s", given, got, err, want)
		}
	}
	for _, given := range []string{"yesterday", "-1h", "-3d", "99999999d", "2026-02-30", "31.3.2026", "d"} {
		if got, err := parseMoment(given, now); err == nil {
			t.Errorf("%q is %s, want an error", given, got)
		}
	}
}

func TestSpreadsheetCells(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "a=1": "a=1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "  =1": "'  =1", "＝1": "'＝1", "－1": "'－1", "Ω": "Ω",
	} {
		if got := disarm(given); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}

func TestShellArguments(t *testing.T) {
	for given, want := range map[string]string{
		"ALICE": "ALICE", "": "''", "O'Hara": `'O'\''Hara'`, "a b": "'a b'", "-x": "'-x'", "$(id)": "'$(id)'",
	} {
		if got := shell(given); got != want {
			t.Errorf("%q is written %s, want %s", given, got, want)
		}
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	cells := [][]string{{"id", "message"}, {"1", strings.Repeat("word ", 40)}}
	for _, width := range []int{40, 80, 400} {
		total := 1
		for _, column := range fit(cells, width) {
			total += column.WidthMax + 3
		}
		if natural := text.StringWidth(cells[1][1]) + 9; total != min(width, natural) {
			t.Errorf("the table is %d wide on a terminal of %d", total, width)
		}
	}
	// Words are broken only if the table does not fit otherwise.
	words := [][]string{{"id", "name"}, {strings.Repeat("word ", 8), "a_name_in_one_word"}}
	if columns := fit(words, 37); columns[0].WidthMax != 12 || columns[1].WidthMax != 18 {
		t.Errorf("columns of %d and %d, want 12 and 18", columns[0].WidthMax, columns[1].WidthMax)
	}
	if columns := fit(cells, 5); columns[0].WidthMax != 2 || columns[1].WidthMax != minimumColumn {
		t.Errorf("columns of %d and %d, want 2 and %d", columns[0].WidthMax, columns[1].WidthMax, minimumColumn)
	}
}
