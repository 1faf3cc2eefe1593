// Command installer installs Postern into a PostgreSQL database, and administers it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	// For systems without certificates of their own, such as an image with nothing but this program.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/posternsql/postern/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
