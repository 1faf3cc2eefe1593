package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
)

// eventWorkers is how many workers deliver at once.
const eventWorkers = 2

// receiver gets the events that are measured.
type receiver struct {
	target   string
	received func(ctx context.Context) (int64, error) // so far
	close    func() error
}

// timeEvents measures how many events per second two workers deliver to a receiver of this kind. The clock starts when
// all events have committed.
func timeEvents(kind string, open func(ctx context.Context, s *scene) (*receiver, error)) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		to, err := open(ctx, s)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, to.close()) }()
		config, err := pgxpool.ParseConfig("")
		if err != nil {
			return samples{}, err
		}
		if config.ConnConfig, err = s.config(s.name); err != nil {
			return samples{}, err
		}
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return samples{}, err
		}
		defer pool.Close()
		_, err = pool.Exec(ctx, "select postern.add_event_action('bench', 'SECURITY_CHECKPOINT_SUCCESS', $1, $2, allow_internal => $1 = 'webhook')", kind, to.target)
		if err != nil {
			return samples{}, err
		}
		defer func() {
			_, removed := pool.Exec(context.WithoutCancel(ctx), "select postern.remove_event_action('bench')")
			err = errors.Join(err, removed)
		}()
		count, size := m.rounds.of(s.quick)
		for number := range count + 1 {
			_, err := pool.Exec(ctx, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, scheme)
select 'passed', $1, $2, $2, 'Invoice INV-' || i || ' of S-1001 over 1250.00 approved', '{}', 'PIN' from generate_series(1, $3::integer) as i`,
				activeGate, userid, size)
			if err != nil {
				return samples{}, err
			}
			before, err := to.received(ctx)
			if err != nil {
				return samples{}, err
			}
			began := time.Now()
			worker := event.New(pool, event.Options{Workers: eventWorkers})
			if err := worker.RunOnce(ctx); err != nil {
				return samples{}, err
			}
			took := time.Since(began)
			after, err := to.received(ctx)
			if err != nil {
				return samples{}, err
			}
			if got := after - before; got != int64(size) {
				return samples{}, fmt.Errorf("%d of %d events arrived", got, size)
			}
			if number > 0 { // the first round is only a warm-up
				taken.subject = append(taken.subject, float64(size)/took.Seconds())
				round()
			}
		}
		return taken, nil
	}
}

// webServer is a web server on this machine, which gets one request per event.
func webServer(context.Context, *scene) (*receiver, error) {
	var received atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	return &receiver{
		target:   server.URL,
		received: func(context.Context) (int64, error) { return received.Load(), nil },
		close: func() error {
			server.Close()
			return nil
		},
	}, nil
}

// eventFunction is a function that inserts one row per event, as a login role that owns nothing else.
func eventFunction(ctx context.Context, s *scene) (*receiver, error) {
	_, err := s.superuser.Exec(ctx, fmt.Sprintf(`
create schema bench_event authorization %[1]s;
set role %[1]s;
create table bench_event.approval (log_id bigint primary key, event jsonb not null);
create function bench_event.on_approval(event jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ insert into bench_event.approval values ((event ->> 'log_id')::bigint, event) $$;
revoke execute on function bench_event.on_approval(jsonb) from public;
grant usage on schema bench_event to postern_event_function;
grant execute on function bench_event.on_approval(jsonb) to postern_event_function;
reset role`, s.name))
	if err != nil {
		return nil, err
	}
	return &receiver{
		target: "bench_event.on_approval",
		received: func(ctx context.Context) (received int64, err error) {
			err = s.superuser.QueryRow(ctx, "select count(*) from bench_event.approval").Scan(&received)
			return received, err
		},
		close: func() error {
			_, err := s.superuser.Exec(context.WithoutCancel(ctx), "drop schema bench_event cascade")
			return err
		},
	}, nil
}

// eventChannel is a channel on which one session listens.
func eventChannel(ctx context.Context, s *scene) (*receiver, error) {
	config, err := s.config(s.name)
	if err != nil {
		return nil, err
	}
	var received int64
	config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { received++ }
	listener, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := listener.Exec(ctx, "listen bench"); err != nil {
		return nil, errors.Join(err, listener.Close(ctx))
	}
	return &receiver{
		target: "bench",
		// A session gets what was committed before its statement with the answer to that, or to the next one.
		received: func(ctx context.Context) (int64, error) {
			for range 2 {
				if err := listener.Ping(ctx); err != nil {
					return 0, err
				}
			}
			return received, nil
		},
		close: func() error { return listener.Close(context.WithoutCancel(ctx)) },
	}, nil
}
