package cli

import (
	"context"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/monitor"
)

// newPool opens connections for commands that run until they are stopped.
func newPool(ctx context.Context, config *pgx.ConnConfig, connections int) (*pgxpool.Pool, error) {
	pooled, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	connecting.Pin(config)
	pooled.ConnConfig = config
	pooled.MaxConns = int32(connections)
	return pgxpool.NewWithConfig(ctx, pooled)
}

// serveAlong serves metrics and health on an address while work runs.
func serveAlong(ctx context.Context, address string, watched *monitor.Work, work func(context.Context) error) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return usageError("--metrics: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group.Go(func() error { return watched.Serve(ctx, listener) })
	group.Go(func() error {
		defer stop()
		return work(ctx)
	})
	return group.Wait()
}
