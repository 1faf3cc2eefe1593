package install

import (
	"maps"
	"regexp"
	"strings"
	"time"
)

// The log has one partition per month. Which partitions exist depends on the time of the installation and on what was
// dropped.
const (
	logTable    = "postern_internal.checkpoint_entry"
	monthLayout = "2006_01"             // in the name of a partition
	boundLayout = "2006-01-02 15:04:05" // in its bounds
)

var (
	monthPattern     = regexp.MustCompile(`\bcheckpoint_entry_(\d{4}_\d\d)(?:_|\b)`)
	partitionPattern = regexp.MustCompile(`^` + regexp.QuoteMeta(logTable) + `_(\d{4}_\d\d)$`)
	inheritedPattern = regexp.MustCompile(`(?m)^inherited by: ` + regexp.QuoteMeta(logTable) + `_\d{4}_\d\d\n`)
)

// modelMonth stands for all months in a manifest, because a manifest must not depend on the day on which it was made.
var modelMonth = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// monthOf returns the month of a partition of the log, or of an object that belongs to one.
func monthOf(pattern *regexp.Regexp, name string) (time.Time, bool) {
	match := pattern.FindStringSubmatch(name)
	if match == nil {
		return time.Time{}, false
	}
	month, err := time.Parse(monthLayout, match[1])
	return month, err == nil
}

// renameMonth replaces the name and the bounds of a month.
func renameMonth(from, to time.Time) *strings.Replacer {
	return strings.NewReplacer(
		from.Format(monthLayout), to.Format(monthLayout),
		from.Format(boundLayout), to.Format(boundLayout),
		from.AddDate(0, 1, 0).Format(boundLayout), to.AddDate(0, 1, 0).Format(boundLayout),
	)
}

// forgetMonths removes the list of partitions from the definition of the log.
func (i inventory) forgetMonths() {
	key := objectKey{"table", logTable}
	if log, there := i[key]; there {
		log.definition = inheritedPattern.ReplaceAllString(log.definition, "")
		i[key] = log
	}
}

// keepModelMonth keeps only the objects of the first month, renamed to modelMonth.
func (i inventory) keepModelMonth() {
	i.forgetMonths()
	var first time.Time
	for key := range i {
		if month, is := monthOf(monthPattern, key.name); is && (first.IsZero() || month.Before(first)) {
			first = month
		}
	}
	rename := renameMonth(first, modelMonth)
	for key, part := range maps.Clone(i) {
		month, is := monthOf(monthPattern, key.name)
		if !is {
			continue
		}
		delete(i, key)
		if month.Equal(first) {
			part.definition = rename.Replace(part.definition)
			i[objectKey{key.kind, rename.Replace(key.name)}] = part
		}
	}
}

// expectMonths adds to a manifest's inventory the objects of all installed partitions, whatever their months are. Each
// must look as this binary would create it for its month.
func (i inventory) expectMonths(installed inventory) {
	i.forgetMonths()
	installed.forgetMonths()
	parts := inventory{}
	for key, part := range maps.Clone(i) {
		if _, is := monthOf(monthPattern, key.name); is {
			parts[key] = part
			delete(i, key)
		}
	}
	for key := range installed {
		month, is := monthOf(partitionPattern, key.name)
		if !is || key.kind != "table" {
			continue
		}
		rename := renameMonth(modelMonth, month)
		for part, wanted := range parts {
			wanted.definition = rename.Replace(wanted.definition)
			i[objectKey{part.kind, rename.Replace(part.name)}] = wanted
		}
	}
}
