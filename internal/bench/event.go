package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/event"
)

// eventWorkers is how many workers deliver at once.
const eventWorkers = 2

// timeEvents measures how many events per second two workers deliver to a web server on this machine, one request per
// event. The clock starts when all events have committed.
func timeEvents(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	var received atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	defer receiver.Close()
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
	_, err = pool.Exec(ctx, "select postern.add_event_action('bench', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
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
		before := received.Load()
		began := time.Now()
		worker := event.New(pool, event.Options{Workers: eventWorkers})
		if err := worker.RunOnce(ctx); err != nil {
			return samples{}, err
		}
		took := time.Since(began)
		if got := received.Load() - before; got != int64(size) {
			return samples{}, fmt.Errorf("%d of %d events arrived", got, size)
		}
		if number > 0 { // the first round is only a warm-up
			taken.subject = append(taken.subject, float64(size)/took.Seconds())
			round()
		}
	}
	return taken, nil
}
