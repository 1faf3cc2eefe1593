package install

import (
	"regexp"
	"strings"
	"time"
)

// The log's partitions, one a month: which there are depends on when Postern was installed, and what was dropped.
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

// expectMonths makes expected have what belongs to the partitions that are installed, whatever months these are: each
// has to look like one that this binary would make for its month.
func expectMonths(expected, installed map[objectKey]string) {
	table := objectKey{"table", logTable}
	for _, inventory := range []map[objectKey]string{expected, installed} {
		if definition, there := inventory[table]; there {
			inventory[table] = inheritedPattern.ReplaceAllString(definition, "")
		}
	}
	var model time.Time
	parts := map[objectKey]string{}
	for key, definition := range expected {
		match := monthPattern.FindStringSubmatch(key.name)
		if match == nil {
			continue
		}
		delete(expected, key)
		month, err := time.Parse(monthLayout, match[1])
		if err != nil {
			continue
		}
		if model.IsZero() {
			model = month
		}
		if month.Equal(model) {
			parts[key] = definition
		}
	}
	for key := range installed {
		match := partitionPattern.FindStringSubmatch(key.name)
		if key.kind != "table" || match == nil {
			continue
		}
		month, err := time.Parse(monthLayout, match[1])
		if err != nil {
			continue
		}
		change := strings.NewReplacer(
			model.Format(monthLayout), month.Format(monthLayout),
			model.Format(boundLayout), month.Format(boundLayout),
			model.AddDate(0, 1, 0).Format(boundLayout), month.AddDate(0, 1, 0).Format(boundLayout),
		)
		for part, definition := range parts {
			expected[objectKey{part.kind, change.Replace(part.name)}] = change.Replace(definition)
		}
	}
}
