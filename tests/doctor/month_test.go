package doctor_test

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// In New York, October (UTC) begins on 30 September, and a month later is 30 October there.
func TestNextMonthIsTheSameInEachTimeZone(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	check := Value[string](t, database.Pool, "select pg_get_viewdef('postern_internal.missing_log_partition')")
	for _, part := range []struct{ is, becomes string }{
		{"now()", "timestamptz '2026-10-15 12:00Z'"},
		{"postern.log_gaps() m(month, entries)", "(values (timestamptz '2026-11-01 00:00Z', 0)) m (month, entries)"},
	} {
		if strings.Count(check, part.is) != 1 {
			t.Fatalf("%q is not once in %s", part.is, check)
		}
		check = strings.Replace(check, part.is, part.becomes, 1)
	}
	connection := database.Connect(t)
	for _, zone := range []string{"UTC", "America/New_York", "Pacific/Kiritimati"} {
		Run(t, connection, "set timezone = '"+zone+"'")
		if found := Value[int](t, connection, "select count(*) from ("+strings.TrimSuffix(check, ";")+") as found"); found != 1 {
			t.Errorf("%s: November without a partition is not found in October", zone)
		}
	}
}
