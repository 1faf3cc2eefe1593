// Package acceptance compares findings about a database with what somebody has accepted, for a reason and until a day.
// It does not know what a finding is about. It only compares name, object and level.
package acceptance

import "time"

// Key names something that can be found. Entries and findings spell it alike.
type Key struct {
	Name   string
	Object string
}

// Entry is one acceptance.
type Entry struct {
	Key
	// Level is the worst level that is accepted; "" accepts any.
	Level  string
	Reason string
	// Until is the last day on which the entry is valid, in UTC.
	Until time.Time
	// Place tells people where the entry is written.
	Place string
}

// Verdict is the result of comparing a finding with the entries.
type Verdict int

const (
	// Open findings have not been accepted.
	Open Verdict = iota
	// Accepted findings do not count.
	Accepted
	// Expired findings were accepted until a day that has passed. They count.
	Expired
	// Worse findings were accepted as a warning and are now errors. They count.
	Worse
)

// The levels of findings, the worse one first.
const (
	Error = "error"
	Warn  = "warn"
)

// Judgement is the verdict on a finding in the form that programs read.
type Judgement struct {
	// Accepted reports that the finding does not count.
	Accepted bool `json:"accepted"`
	// Reason and Until are those of the entry; Lapsed says why it no longer accepts the finding.
	Reason string `json:"reason,omitzero"`
	Until  string `json:"until,omitzero"`
	Lapsed string `json:"lapsed,omitzero"`
}

// Reasons why an entry no longer accepts what it names.
const (
	LapsedExpired = "expired"
	LapsedWorse   = "worse"
)

// List holds the entries of one run. It remembers which of them were used.
type List struct {
	entries []Entry
	places  map[Key]int
	used    []bool
	today   string
}

// NewList takes entries with distinct keys.
func NewList(entries []Entry, now time.Time) *List {
	l := &List{entries: entries, places: make(map[Key]int, len(entries)), used: make([]bool, len(entries)), today: now.UTC().Format(time.DateOnly)}
	for place, entry := range entries {
		l.places[entry.Key] = place
	}
	return l
}

// Judge looks for the entry of a finding. Names and objects must match exactly: a pattern would accept what nobody has
// looked at.
func (l *List) Judge(key Key, level string) (Verdict, *Entry) {
	place, there := l.places[key]
	if !there {
		return Open, nil
	}
	l.used[place] = true
	entry := &l.entries[place]
	switch {
	case l.today > entry.Until.Format(time.DateOnly):
		return Expired, entry
	case entry.Level == Warn && level == Error:
		return Worse, entry
	}
	return Accepted, entry
}

// Assess returns the result of Judge in the form that programs read.
func (l *List) Assess(key Key, level string) Judgement {
	verdict, entry := l.Judge(key, level)
	if entry == nil {
		return Judgement{}
	}
	judgement := Judgement{Accepted: verdict == Accepted, Reason: entry.Reason, Until: entry.Until.Format(time.DateOnly)}
	switch verdict {
	case Expired:
		judgement.Lapsed = LapsedExpired
	case Worse:
		judgement.Lapsed = LapsedWorse
	}
	return judgement
}

// Unused returns the entries that matched no finding.
func (l *List) Unused() []Entry {
	unused := []Entry{}
	for place, entry := range l.entries {
		if !l.used[place] {
			unused = append(unused, entry)
		}
	}
	return unused
}
