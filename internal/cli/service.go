package cli

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/service"
	"github.com/posternsql/postern/internal/upkeep"
)

// serve runs the parts of a service until the context ends. It also serves metrics and health if there is an address.
func (a *application) serve(ctx context.Context, pool *pgxpool.Pool, running *service.Service, address string) error {
	running.Ready = func(ctx context.Context) error {
		err := install.Ready(ctx, pool)
		if hint := connecting.Hint(err); hint != "" {
			return fmt.Errorf("%w. %s", err, hint)
		}
		return err
	}
	if address != "" {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return usageError("--metrics: %w", err)
		}
		running.Listener = listener
	}
	return running.Run(ctx)
}

// sealing is the part that seals the log.
func (a *application) sealing(pool *pgxpool.Pool, sealer *seal.Sealer, every time.Duration, report func(entries int64) error) service.Part {
	watched := seal.NewMetrics(pool, every)
	sealing := &seal.Service{
		Every: every,
		Connect: func(ctx context.Context, do func(*pgx.Conn) error) error {
			return a.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) error { return do(connection) })
		},
		Seal: func(ctx context.Context, connection *pgx.Conn) error {
			entries, err := a.sealWith(ctx, connection, sealer, watched, sealer.Seal)
			if err != nil || entries == 0 {
				return err
			}
			return report(entries)
		},
		// Nobody reads what it prints.
		Final:   func(error) bool { return a.out.failure != nil },
		Watched: watched,
		Logger:  a.logger(),
	}
	return service.Part{Name: "seal", Work: watched, Run: sealing.Run}
}

// delivering is the part that delivers events.
func (a *application) delivering(pool *pgxpool.Pool, options event.Options) service.Part {
	options.Metrics = event.NewMetrics(pool)
	worker := event.New(pool, options)
	return service.Part{Name: "events", Work: options.Metrics.Work, Run: func(ctx context.Context) error {
		return explain(worker.Run(ctx), pool.Config().ConnConfig.User)
	}}
}

// maintaining is the part that does upkeep.
func (a *application) maintaining(pool *pgxpool.Pool) service.Part {
	watched := upkeep.NewMetrics(pool)
	return service.Part{Name: "upkeep", Work: watched, Run: func(ctx context.Context) error {
		upkeep.Run(ctx, pool, a.logger(), watched)
		return nil
	}}
}

// supporting makes a part end with the others.
func supporting(part service.Part) service.Part {
	part.Supports = true
	return part
}
