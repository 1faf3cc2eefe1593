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
		t.Error("yes, no or what is missing is another one")
	}
	if field(first, "nothing") == nil || field(first, "missing") != nil || field(first, "missing", "below") != nil {
		t.Error("what is there and what is missing cannot be told apart")
	}
	if got := text(field(parsed, "text")); got != "\ufffd" {
		t.Errorf("what is no UTF-8 is %q", got)
	}
	// The next one is made by the same decoder.
	for _, wrong := range []string{"", `{"a":[1`, `{"a"`, `{]`} {
		if _, err := decode(wrong); err == nil {
			t.Errorf("%s is a tree", wrong)
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
		t.Errorf("deep below is %q", text(parsed))
	}
	if got := text(field(items[0], "text")); got != "one \"word\" é\n" {
		t.Errorf("the first tree has changed: %q", got)
	}
}
