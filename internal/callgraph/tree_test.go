package callgraph

import (
	"strings"
	"testing"
)

func TestTreesMatchTheParser(t *testing.T) {
	parsed, err := decode(`{"a":[{"text":"one \"word\" \u00e9\n","number":-12,"yes":true,"no":false,"nothing":{}},[],"last"],"text":"` + "\xff" + `"}`)
	if err != nil {
		t.Fatal(err)
	}
	items := list(field(parsed, "a"))
	if len(items) != 3 || len(list(items[1])) != 0 || text(items[2]) != "last" {
		t.Fatalf("the list is %v", items)
	}
	first := items[0]
	if got := text(field(first, "text")); got != "one \"word\" é\n" {
		t.Errorf("text is %q", got)
	}
	if got := whole(field(first, "number")); got != -12 {
		t.Errorf("number is %d", got)
	}
	if !isTrue(field(first, "yes")) || isTrue(field(first, "no")) || isTrue(field(first, "missing")) {
		t.Error("true, false or a missing field is read wrongly")
	}
	if field(first, "nothing") == nil || field(first, "missing") != nil || field(first, "missing", "below") != nil {
		t.Error("an empty object is missing, or a missing field is found")
	}
	if got := text(field(parsed, "text")); got != "\ufffd" {
		t.Errorf("bytes that are not UTF-8 become %q", got)
	}
	for _, wrong := range []string{"", `{"a":[1`, `{"a"`, `{]`} {
		if _, err := decode(wrong); err == nil {
			t.Errorf("%q is accepted as a tree", wrong)
		}
	}
	const depth = 4000
	parsed, err = decode(strings.Repeat(`{"a":[`, depth) + `"deep"` + strings.Repeat(`]}`, depth))
	if err != nil {
		t.Fatal(err)
	}
	for range depth {
		parsed = list(field(parsed, "a"))[0]
	}
	if text(parsed) != "deep" {
		t.Errorf("the text at depth %d is %q, want \"deep\"", depth, text(parsed))
	}
	if got := text(field(items[0], "text")); got != "one \"word\" é\n" {
		t.Errorf("decoding another tree has changed the first one: %q", got)
	}
}
