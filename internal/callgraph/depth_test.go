package callgraph

import (
	"errors"
	"strings"
	"testing"
)

// A text of the allowed depth must be harmless: each construct is made as deep as maximumDepth allows, and parsed. If
// the parser exceeded its stack, it would crash this test.
func TestAllowedDepthIsParsed(t *testing.T) {
	t.Parallel()
	nest := func(before, middle, after string) func(int) string {
		return func(count int) string {
			return "select " + strings.Repeat(before, count) + middle + strings.Repeat(after, count)
		}
	}
	for name, text := range map[string]func(count int) string{
		"operators":           nest("", "x", "||x"),
		"operators in front":  nest("- ", "x", ""),
		"NOT":                 nest("not ", "x", ""),
		"IS NULL":             nest("", "x", " is null"),
		"casts":               nest("", "x", "::t"),
		"collations":          nest("", "x", " collate c"),
		"parentheses":         nest("(", "x", ")"),
		"calls":               nest("f(", "x", ")"),
		"sub-selects":         nest("(select ", "x", ")"),
		"arrays":              nest("array[", "x", "]"),
		"CASE":                nest("case when x then ", "x", " end"),
		"UNION":               nest("", "x", " union select x"),
		"JOIN":                nest("", "x from a", " cross join a"),
		"labels named END":    nest("case when x.end then ", "x", " end"),
		"labels named AND":    nest("x.and || ", "x", ""),
		"columns named BY":    nest("by || ", "x", ""),
		"comments":            nest("-- (\r- ", "x", ""),
		"mixed":               nest("f(x, x || case when not x then (select ", "x", ") end)"),
		"operators and calls": nest("x || f(x + ", "x", ")"),
	} {
		count := 1
		for depth(text(count+1)) <= maximumDepth {
			count++
			if count > maximumDepth {
				t.Fatalf("%s: the depth of %d of them is %d, and stays below the limit", name, count, depth(text(count)))
			}
		}
		if _, err := parseStatements(text(count)); err != nil {
			t.Errorf("%s, %d times, within the limit: %v", name, count, err)
		}
		if _, err := parseStatements(text(count + 1)); !errors.Is(err, errTooDeep) {
			t.Errorf("%s, %d times, beyond the limit: got %v, want %v", name, count+1, err, errTooDeep)
		}
	}
}

// What people write is far from the limit.
func TestLongTextsAreNotDeep(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"statements": strings.Repeat("drop table if exists t; if x then y := y || 1; end if; case x when 1 then null; end case; for i in 1 .. 2 loop null; end loop; begin null; end; ", 500),
		"list":       "select x" + strings.Repeat(", x + 1", 5000),
		"conditions": "select x" + strings.Repeat(" and x = 1 or not x", 5000),
		"rows":       "insert into t values (1, f(2))" + strings.Repeat(", (1, f(2))", 5000),
		"columns":    "update t set x = 1" + strings.Repeat(", x = x + 1", 5000),
	} {
		if got := depth(text); got > 20 {
			t.Errorf("%s: the depth is %d, want at most 20", name, got)
		}
	}
}

func TestTextsAreNotMultipliedWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"CASE":   "select 'a'" + strings.Repeat(" || case when x then 'a' else 'b' end", 60),
		"format": "select format('" + strings.Repeat("%1$s", 10000) + "', '" + strings.Repeat("a", 10000) + "')",
	} {
		trees, err := parseStatements(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, known := (constants{}).statements(firstTarget(trees[0])); known {
			t.Errorf("%s: the texts are too long, but reported as known", name)
		}
	}
}
