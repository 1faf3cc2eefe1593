package bench

import (
	"strings"
	"testing"
)

func TestCompareJudgesByTheSpread(t *testing.T) {
	result := func(name string, atLeast bool, low, median, high float64) Result {
		return Result{Name: name, Subject: "work", Measured: Spread{Low: low, Median: median, High: high}, AtLeast: atLeast}
	}
	other := result("other work", false, 1, 1, 1)
	other.Subject = "other work"
	difference := result("now a difference", false, 1, 1, 1)
	difference.Difference = true
	before := &Report{Results: []Result{
		result("slower", false, 1, 2, 3), result("faster", false, 4, 5, 6), result("apart by chance", false, 1, 2, 3),
		result("fewer", true, 10, 11, 12), result("more", true, 10, 11, 12), result("gone", false, 1, 1, 1), result("other work", false, 1, 1, 1),
		result("now a difference", false, 1, 1, 1),
	}}
	after := &Report{Quick: true, Machine: Machine{Cores: 2}, Results: []Result{
		result("new", false, 1, 1, 1), result("slower", false, 3.5, 4, 5), result("faster", false, 1, 2, 3), result("apart by chance", false, 2.9, 4, 6),
		result("fewer", true, 5, 5.5, 7), result("more", true, 13, 22, 23), other, difference,
	}}
	comparison := Compare(before, after)
	if !comparison.Worse() {
		t.Error("nothing is said to be worse")
	}
	if text := strings.Join(comparison.Warnings, " "); !strings.Contains(text, "quick") || !strings.Contains(text, "2 cores") {
		t.Errorf("the warnings are %q", text)
	}
	want := []struct {
		name    string
		verdict Verdict
		percent float64
	}{
		{"new", Missing, 0}, {"slower", Worse, 100}, {"faster", Better, -60}, {"apart by chance", Same, 100},
		{"fewer", Worse, -50}, {"more", Better, 100}, {"other work", Different, 0}, {"now a difference", Different, 0}, {"gone", Missing, 0},
	}
	if len(comparison.Changes) != len(want) {
		t.Fatalf("there are %d changes, want %d", len(comparison.Changes), len(want))
	}
	for i, change := range comparison.Changes {
		if change.Name != want[i].name || change.Verdict != want[i].verdict || change.Percent != want[i].percent {
			t.Errorf("%s is %s by %g percent, want %v", change.Name, change.Verdict, change.Percent, want[i])
		}
	}
	if Compare(after, after).Worse() {
		t.Error("a report is worse than itself")
	}
}

func TestReadReportRefusesOtherFiles(t *testing.T) {
	for _, content := range []string{"", "{}", `{"results": []}`, `[1]`, `{"results": [{"name": "x", "speed": 1}]}`} {
		if _, err := ReadReport([]byte(content)); err == nil {
			t.Errorf("%q was taken for a report", content)
		}
	}
}
