package ledger_test

import (
	"flag"
	"os"
	"testing"
)

// A sequence of changes takes hundreds of statements, so fewer are tried than is rapid's default. To try more:
// go test ./tests/ledger -rapid.checks 1000
func TestMain(m *testing.M) {
	checks := flag.Lookup("rapid.checks")
	checks.DefValue = "15"
	if err := checks.Value.Set(checks.DefValue); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
