// Package acceptance holds what is found in a database against what somebody has accepted, with a reason and until a day.
// It knows nothing of what is found: a finding of doctor's has a name, an object and a level, and so may anything else.
package acceptance

import "time"

// Key names one thing that can be found, as an entry and a finding both spell it.
type Key struct {
	Name   string
	Object string
}

// Entry is what somebody has accepted.
type Entry struct {
	Key
	// Level is the worst level that is accepted; "" for any.
	Level  string
	Reason string
	// Until is the last day that the entry is good for, by UTC.
	Until time.Time
	// Place tells people where the entry stands.
	Place string
}

// Verdict says what the entries make of something that was found.
type Verdict int

const (
	// Open is what nobody has accepted.
	Open Verdict = iota
	// Accepted does not count.
	Accepted
	// Expired was accepted until a day that has passed. It counts.
	Expired
	// Worse was accepted as a warning and is an error by now. It counts.
	Worse
)

// The levels of what is found, the worse one first.
const (
	Error = "error"
	Warn  = "warn"
)

// Judgement is what the entries make of something that was found, as programs are told.
type Judgement struct {
	// Accepted says that the finding does not count.
	Accepted bool `json:"accepted"`
	// Reason and Until are those of the entry; Lapsed says why it accepts the finding no longer.
	Reason string `json:"reason,omitzero"`
	Until  string `json:"until,omitzero"`
	Lapsed string `json:"lapsed,omitzero"`
}

// Why an entry no longer accepts what it names.
const (
	LapsedExpired = "expired"
	LapsedWorse   = "worse"
)

// List are the entries of one run. It remembers which of them were of use.
type List struct {
	entries []Entry
	places  map[Key]int
	used    []bool
	today   string
}

// NewList takes entries of which no two have the same key.
func NewList(entries []Entry, now time.Time) *List {
	l := &List{entries: entries, places: make(map[Key]int, len(entries)), used: make([]bool, len(entries)), today: now.UTC().Format(time.DateOnly)}
	for place, entry := range entries {
		l.places[entry.Key] = place
	}
	return l
}

// Judge looks for the entry of something that was found. Names and objects are compared letter by letter: a pattern would
// accept what nobody has looked at.
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

// Assess is Judge, as programs are told.
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

// Unused gives the entries of nothing that was found.
func (l *List) Unused() []Entry {
	unused := []Entry{}
	for place, entry := range l.entries {
		if !l.used[place] {
			unused = append(unused, entry)
		}
	}
	return unused
}
