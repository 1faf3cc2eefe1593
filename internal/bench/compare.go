package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Verdict says how a measurement of one report differs from that of another.
type Verdict string

const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	// Same: the rounds of one report lie among those of the other, so the medians may differ by chance.
	Same Verdict = "same"
	// Only in one of the reports.
	Missing Verdict = "missing"
	// Different: the line has the same name and measures something else.
	Different Verdict = "different"
)

// Comparison is what two reports say.
type Comparison struct {
	// Warnings say why the reports may not be comparable.
	Warnings []string `json:"warnings"`
	Changes  []Change `json:"changes"`
}

// Worse reports whether any measurement became worse.
func (c *Comparison) Worse() bool {
	return slices.ContainsFunc(c.Changes, func(change Change) bool { return change.Verdict == Worse })
}

// Change is one measurement in two reports. A report without it leaves its part nil.
type Change struct {
	Name   string  `json:"name"`
	Before *Result `json:"before"`
	After  *Result `json:"after"`
	// Percent is how far the median moved; 0 unless both reports measured the same.
	Percent float64 `json:"percent"`
	Verdict Verdict `json:"verdict"`
}

// ReadReport reads what "bench --json" has printed.
func ReadReport(content []byte) (*Report, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	report := new(Report)
	if err := decoder.Decode(report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if len(report.Results) == 0 {
		return nil, errors.New("the report has no results")
	}
	return report, nil
}

// Compare puts two reports side by side, in the order of the second. What only the first has comes last.
func Compare(before, after *Report) *Comparison {
	comparison := &Comparison{Warnings: []string{}, Changes: []Change{}}
	if before.Quick || after.Quick {
		comparison.Warnings = append(comparison.Warnings, "A quick run says nothing about speed.")
	}
	if b, a := before.Machine, after.Machine; b.Processor != a.Processor || b.Cores != a.Cores || b.Version != a.Version {
		comparison.Warnings = append(comparison.Warnings, fmt.Sprintf("The runs differ: %s, %d cores, PostgreSQL %s; and %s, %d cores, PostgreSQL %s.",
			b.Processor, b.Cores, b.Version, a.Processor, a.Cores, a.Version))
	}
	for i := range after.Results {
		change := Change{Name: after.Results[i].Name, After: &after.Results[i], Verdict: Missing}
		if j := slices.IndexFunc(before.Results, func(r Result) bool { return r.Name == change.Name }); j >= 0 {
			change.Before = &before.Results[j]
			change.judge()
		}
		comparison.Changes = append(comparison.Changes, change)
	}
	for i := range before.Results {
		name := before.Results[i].Name
		if !slices.ContainsFunc(after.Results, func(r Result) bool { return r.Name == name }) {
			comparison.Changes = append(comparison.Changes, Change{Name: name, Before: &before.Results[i], Verdict: Missing})
		}
	}
	return comparison
}

func (c *Change) judge() {
	if c.Before.Subject != c.After.Subject || c.Before.Baseline != c.After.Baseline || c.Before.Unit != c.After.Unit || c.Before.Difference != c.After.Difference {
		c.Verdict = Different
		return
	}
	before, after := c.Before.Measured, c.After.Measured
	if before.Median != 0 {
		c.Percent = 100 * (after.Median/before.Median - 1)
	}
	higher, lower := after.Low > before.High, after.High < before.Low
	if c.After.AtLeast {
		higher, lower = lower, higher
	}
	switch {
	case higher:
		c.Verdict = Worse
	case lower:
		c.Verdict = Better
	default:
		c.Verdict = Same
	}
}
