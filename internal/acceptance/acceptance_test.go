package acceptance_test

import (
	"testing"
	"time"

	"github.com/posternsql/postern/internal/acceptance"
)

func TestAcceptedFindingsDoNotCount(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		parsed, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	key := func(name, object string) acceptance.Key { return acceptance.Key{Name: name, Object: object} }
	odd := "table shop.\"Größe \x1b[2J \u202e\n* %\""
	entries := []acceptance.Entry{
		{Key: key("open", "a"), Until: day("2026-03-01")},
		{Key: key("open", "b"), Until: day("2026-02-28")},
		{Key: key("open", odd), Until: day("2026-03-01")},
		{Key: key("late", "a"), Until: day("2026-02-27")},
		{Key: key("grows", "a"), Level: acceptance.Warn, Until: day("2026-03-01")},
		{Key: key("grows", "b"), Level: acceptance.Error, Until: day("2026-03-01")},
		{Key: key("shut", "a"), Until: day("2026-03-01")},
		{Key: key("all", "*"), Until: day("2026-03-01")},
	}
	// Still the last day of February by UTC, though it is March where the clock is.
	now := time.Date(2026, 3, 1, 1, 59, 0, 0, time.FixedZone("", 2*60*60))
	list := acceptance.NewList(entries, now)
	for _, test := range []struct {
		key   acceptance.Key
		level string
		want  acceptance.Verdict
	}{
		{key("open", "a"), acceptance.Error, acceptance.Accepted},
		{key("open", "a"), acceptance.Warn, acceptance.Accepted},
		{key("open", "b"), acceptance.Error, acceptance.Accepted},
		{key("open", odd), acceptance.Warn, acceptance.Accepted},
		{key("open", "A"), acceptance.Warn, acceptance.Open},
		{key("open", "a "), acceptance.Warn, acceptance.Open},
		{key("open", "c"), acceptance.Warn, acceptance.Open},
		{key("open", ""), acceptance.Warn, acceptance.Open},
		{key("Open", "a"), acceptance.Warn, acceptance.Open},
		{key("all", "a"), acceptance.Warn, acceptance.Open},
		{key("late", "a"), acceptance.Warn, acceptance.Expired},
		{key("grows", "a"), acceptance.Warn, acceptance.Accepted},
		{key("grows", "a"), acceptance.Error, acceptance.Worse},
		{key("grows", "b"), acceptance.Error, acceptance.Accepted},
		{key("grows", "b"), acceptance.Warn, acceptance.Accepted},
	} {
		verdict, entry := list.Judge(test.key, test.level)
		if verdict != test.want || (entry == nil) != (verdict == acceptance.Open) {
			t.Errorf("%s of %q is %d by %+v, want %d", test.level, test.key, verdict, entry, test.want)
		}
	}
	unused := list.Unused()
	if len(unused) != 2 || unused[0].Key != key("shut", "a") || unused[1].Key != key("all", "*") {
		t.Errorf("the unused acceptances are %+v", unused)
	}
	// The day after.
	if verdict, _ := acceptance.NewList(entries, now.Add(time.Minute)).Judge(key("open", "b"), acceptance.Warn); verdict != acceptance.Expired {
		t.Errorf("a minute later it is %d", verdict)
	}
}
