// Package event tells what is delivered of what happens at checkpoints, to whom, and how often, whatever dies meanwhile.
package event_test

import (
	"context"
	"os"
	"testing"

	"github.com/posternsql/postern/internal/cli"
)

// asInstaller makes this test binary the installer: a worker that is to be killed is a process of its own.
const asInstaller = "POSTERN_TEST_AS_INSTALLER"

func TestMain(m *testing.M) {
	if os.Getenv(asInstaller) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
