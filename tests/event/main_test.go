// Package event tests which events are delivered to whom, and how often, whatever crashes in the meantime.
package event_test

import (
	"context"
	"os"
	"testing"

	"github.com/posternsql/postern/internal/cli"
)

// asInstaller makes this test binary the installer, because a worker that is to be killed must be a separate process.
const asInstaller = "POSTERN_TEST_AS_INSTALLER"

func TestMain(m *testing.M) {
	if os.Getenv(asInstaller) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
