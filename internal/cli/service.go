package cli

import (
	"context"
	"net"

	"github.com/posternsql/postern/internal/monitor"
)

// serveWhile serves metrics and health on an address while work runs.
func serveWhile(ctx context.Context, address string, watched *monitor.Work, work func(context.Context) error) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return usageError("--metrics: %w", err)
	}
	return watched.ServeWhile(ctx, listener, work)
}
