package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/elsewhere"
	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/upkeep"
)

const (
	defaultSendTimeout = 15 * time.Second
	// leaseTime is after how long other workers take over deliveries that a worker has claimed but not finished.
	leaseTime = 2 * time.Minute
	// batchSize is how many deliveries a worker claims at once.
	batchSize = 100
	// noteInterval is how long a worker waits before it records what it has delivered. If its machine dies before that,
	// the deliveries are repeated.
	noteInterval = 200 * time.Millisecond
	// pollInterval is how often to look for new deliveries of each action. LISTEN would be quicker, but NOTIFY takes a
	// lock at each commit, and all other commits with NOTIFY wait for that lock.
	pollInterval = 500 * time.Millisecond
	// refreshInterval is how often to read the actions again.
	refreshInterval = 5 * time.Second
	// closeTimeout bounds the end of a session.
	closeTimeout = 5 * time.Second
	// longestPause bounds the pause of a lane after errors, so that it recovers soon after the cause is gone.
	longestPause = 10 * time.Second
)

// Options configure a Worker.
type Options struct {
	// Workers is how many deliveries of each action run at once; at least 1.
	Workers int
	// SMTP is the server for mails; nil makes mails wait.
	SMTP *SMTP
	// SendTimeout bounds one attempt; 0 means 15 seconds, and 30 seconds is the maximum.
	SendTimeout time.Duration
	// Timeline is production's timeline according to the configuration, so that events continue on it after a failover.
	// If it is nil, events continue only on the timeline where they were delivered before.
	Timeline *int64
	Logger   *slog.Logger
	Metrics  *Metrics // nil for none
}

// Worker delivers events.
type Worker struct {
	pool    *pgxpool.Pool
	options Options
	clients map[bool]*http.Client // by whether internal addresses are allowed

	delivered, skipped, failed, dead atomic.Int64
}

// New makes a worker. The pool needs at least one connection for each delivery that runs at the same time, and RunOnce
// needs one more for upkeep. Its user must be a member of postern_event_worker.
func New(pool *pgxpool.Pool, options Options) *Worker {
	options.Workers = max(options.Workers, 1)
	if options.SendTimeout == 0 {
		options.SendTimeout = defaultSendTimeout
	}
	options.SendTimeout = min(options.SendTimeout, leaseTime/4) // otherwise no lease would be long enough for an attempt
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Worker{pool: pool, options: options, clients: newClients(options.Workers)}
}

// Summary counts what a worker has done.
type Summary struct {
	Delivered int64 `json:"delivered"`
	// Skipped counts the deliveries whose condition was false.
	Skipped int64 `json:"skipped"`
	// Failed counts the attempts that will be repeated.
	Failed int64 `json:"failed"`
	// Dead counts the attempts that will not be repeated.
	Dead int64 `json:"dead"`
}

// Summary returns the counts so far.
func (w *Worker) Summary() Summary {
	return Summary{w.delivered.Load(), w.skipped.Load(), w.failed.Load(), w.dead.Load()}
}

// RunOnce delivers what is due, does what upkeep is due, and returns. When the context ends, it finishes what has
// begun. Errors are those of the database and of the context, and errNoSMTP if mails wait.
func (w *Worker) RunOnce(ctx context.Context) error {
	if err := w.confirm(ctx); err != nil {
		return err
	}
	configured, err := query.New(w.pool).EventWorkerActions(ctx)
	if err != nil {
		return err
	}
	var lanes sync.WaitGroup
	var mutex sync.Mutex
	var failures []error
	for _, one := range configured {
		prepared, err := w.prepare(one)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.Name, err))
			continue
		}
		queued := make(chan struct{})
		for number := range w.options.Workers {
			lanes.Go(func() {
				at := &place{}
				if number == 0 {
					at.claimed = sync.OnceFunc(func() { close(queued) })
					defer at.claimed()
				} else {
					<-queued // only one worker can queue, and before that there is nothing to claim
				}
				for {
					claimed, err := w.deliverBatch(ctx, prepared, at)
					if err != nil {
						mutex.Lock()
						failures = append(failures, fmt.Errorf("%s: %w", one.Name, err))
						mutex.Unlock()
					}
					// When the context ends, a batch releases what it has claimed. Another batch would claim it again, for ever.
					if err != nil || claimed == 0 || prepared.rest() > 0 || ctx.Err() != nil {
						return
					}
				}
			})
		}
	}
	lanes.Wait()
	return errors.Join(append(failures, upkeep.Once(ctx, w.pool, w.options.Logger, nil))...)
}

// Run delivers until the context ends, and then finishes what has begun. It returns an error if the database cannot be
// used at the start, or after a failover that nobody has confirmed. Later it waits until the database can be used
// again.
func (w *Worker) Run(ctx context.Context) error {
	running := map[string]*lane{}
	defer func() {
		for _, lane := range running {
			lane.stop()
		}
		for _, lane := range running {
			lane.wait()
		}
	}()
	warned := map[string]bool{}
	for first := true; ; first = false {
		err := w.confirm(ctx)
		if elsewhere.Is(err) {
			return err
		}
		var configured []query.EventWorkerAction
		if err == nil {
			configured, err = query.New(w.pool).EventWorkerActions(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err != nil:
			w.troubled(err, "the actions cannot be read", "")
		default:
			w.options.Metrics.work().Succeeded("")
			w.adjust(ctx, running, configured, warned)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(refreshInterval):
		}
	}
}

// confirm makes sure that this is the timeline on which events are delivered. Only the configuration of the worker can
// tell a failover from a copy.
func (w *Worker) confirm(ctx context.Context) error {
	return query.New(w.pool).ConfirmEventTimeline(ctx, w.options.Timeline)
}

// adjust starts lanes for new and changed actions, and stops the lanes of actions that are gone.
func (w *Worker) adjust(ctx context.Context, running map[string]*lane, configured []query.EventWorkerAction, warned map[string]bool) {
	wanted := map[string]query.EventWorkerAction{}
	for _, one := range configured {
		wanted[one.Name] = one
	}
	for name, lane := range running {
		if !reflect.DeepEqual(lane.action.configured, wanted[name]) {
			lane.stop()
			lane.wait()
			delete(running, name)
			if _, still := wanted[name]; !still {
				w.options.Metrics.work().Forget(name)
			}
		}
	}
	for name, one := range wanted {
		if running[name] != nil {
			continue
		}
		prepared, err := w.prepare(one)
		if err != nil {
			if !warned[name] {
				warned[name] = true
				w.options.Logger.Warn("an action has to wait", "action", name, "reason", err)
			}
			continue
		}
		if prepared.broken != nil {
			w.options.Logger.Error("an action can deliver nothing", "action", name, "error", prepared.broken)
		}
		running[name] = w.start(ctx, prepared)
	}
}

// lane does the work for one action, so that a slow or broken receiver does not delay the others.
type lane struct {
	action *action
	stop   context.CancelFunc
	wait   func()
}

func (w *Worker) start(ctx context.Context, prepared *action) *lane {
	ctx, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for range w.options.Workers {
		workers.Go(func() { w.work(ctx, prepared) })
	}
	return &lane{prepared, stop, workers.Wait}
}

func (w *Worker) work(ctx context.Context, prepared *action) {
	at := &place{}
	troubled := backoff.NewExponentialBackOff()
	troubled.MaxInterval = longestPause
	for ctx.Err() == nil {
		pause := pollInterval
		claimed, err := w.deliverBatch(ctx, prepared, at)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause = troubled.NextBackOff()
			w.troubled(err, "deliveries cannot be claimed", prepared.configured.Name)
		default:
			w.options.Metrics.work().Succeeded(prepared.configured.Name)
			troubled.Reset()
			if rest := prepared.rest(); rest > 0 {
				pause = rest
			} else if claimed > 0 {
				continue
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// place is how far a worker has come in the queue of an action. The worker returns to the front when it finds nothing
// more, and also from time to time, because other workers may have released deliveries there.
type place struct {
	dueFrom time.Time // zero for the front
	began   time.Time
	claimed func() // called after each claim; nil for nothing
}

// claim claims what is due, from where the last claim ended.
func (w *Worker) claim(ctx context.Context, name string, lease uuid.UUID, at *place) ([]*delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseTime/4)
	defer cancel()
	if time.Since(at.began) >= refreshInterval {
		at.dueFrom, at.began = time.Time{}, time.Now()
	}
	for {
		documents, err := query.New(w.pool).ClaimEventDeliveries(ctx, query.ClaimEventDeliveriesParams{
			Name: name, Maximum: batchSize, Lease: lease, LeaseSeconds: int32(leaseTime.Seconds()), DueFrom: at.dueFrom,
		})
		if err != nil {
			return nil, err
		}
		if len(documents) == 0 && !at.dueFrom.IsZero() {
			at.dueFrom, at.began = time.Time{}, time.Now()
			continue
		}
		claimed := make([]*delivery, len(documents))
		for index, document := range documents {
			if claimed[index], err = readDelivery(document); err != nil {
				return nil, err
			}
			at.dueFrom = claimed[index].DueAt
		}
		return claimed, nil
	}
}

// deliverBatch claims what is due, delivers it, and records the outcome. It returns how many deliveries it claimed.
// When the context ends, it finishes the current delivery and gives the rest back.
func (w *Worker) deliverBatch(ctx context.Context, prepared *action, at *place) (claimed int, err error) {
	batch := &batch{worker: w, action: prepared, lease: uuid.New(), until: time.Now().Add(leaseTime), noted: time.Now()}
	// Do not cancel a claim, because it may still take effect. Claimed deliveries must always be ended.
	ending := context.WithoutCancel(ctx)
	events, err := w.claim(ending, prepared.configured.Name, batch.lease, at)
	if at.claimed != nil {
		at.claimed()
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = batch.endSession(ending, nil) }()
	for _, event := range events {
		if ctx.Err() != nil || batch.isEnding() || prepared.rest() > 0 {
			batch.end(event, "released", nil)
			continue
		}
		batch.deliver(ending, event)
		if time.Since(batch.noted) >= noteInterval {
			if err := batch.note(ending); err != nil {
				return len(events), err
			}
		}
	}
	batch.notify(ending)
	return len(events), batch.note(ending)
}

// batch is a set of deliveries that were claimed together.
type batch struct {
	worker *Worker
	action *action
	lease  uuid.UUID
	until  time.Time // when the lease runs out
	ended  query.FinishEventDeliveriesParams
	noted  time.Time

	session *pgx.Conn   // in which the database calls the action's function; nil until the first call, and after an error
	version string      // of the function that was called in the session; empty before the first call
	waiting []*delivery // to be notified together
}

// isEnding says whether the lease may end during another attempt.
func (b *batch) isEnding() bool { return time.Until(b.until) < 2*b.worker.options.SendTimeout }

// end remembers how a delivery ended until that is recorded.
func (b *batch) end(event *delivery, outcome string, err error) {
	delay, reason := 0.0, ""
	if err != nil {
		// The server's error may be in any encoding, because a function may set client_encoding before it fails.
		reason = strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", "\uFFFD"), "\uFFFD")
	}
	if outcome == "failed" {
		delay = retryDelay(event.Attempts).Seconds()
		if later := (*laterError)(nil); errors.As(err, &later) {
			delay = max(delay, later.after.Seconds())
		}
	}
	b.ended.LogIDs = append(b.ended.LogIDs, event.LogID)
	b.ended.Outcomes = append(b.ended.Outcomes, outcome)
	b.ended.Delays = append(b.ended.Delays, delay)
	b.ended.Errors = append(b.ended.Errors, reason)
}

// note records what has ended. It tries until another worker may have taken over.
func (b *batch) note(ctx context.Context) error {
	b.noted = time.Now()
	if len(b.ended.LogIDs) == 0 {
		return nil
	}
	b.ended.Name, b.ended.Lease = b.action.configured.Name, b.lease
	ctx, cancel := context.WithDeadline(ctx, b.until)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (int64, error) { return query.New(b.worker.pool).FinishEventDeliveries(ctx, b.ended) },
		backoff.WithMaxElapsedTime(b.worker.options.SendTimeout))
	b.ended = query.FinishEventDeliveriesParams{}
	if err != nil {
		return fmt.Errorf("what was delivered could not be noted, and will be delivered again: %w", err)
	}
	return nil
}

// deliver makes one attempt. Notifications are only collected, for notify.
func (b *batch) deliver(ctx context.Context, event *delivery) {
	began := time.Now()
	outcome, err := b.attempt(ctx, event)
	if outcome != "waiting" {
		b.settle(ctx, event, outcome, err, began)
	}
}

// settle handles the result of an attempt.
func (b *batch) settle(ctx context.Context, event *delivery, outcome string, err error, began time.Time) {
	if err != nil {
		outcome = "failed"
		if permanent := (*permanentError)(nil); errors.As(err, &permanent) {
			outcome = "dead"
		}
		b.action.answered(err)
	}
	w := b.worker
	if gone := (*goneError)(nil); errors.As(err, &gone) {
		// The delivery is released, and the attempt is not counted. It waits until somebody enables or changes the action.
		disabled, failed := query.New(w.pool).DisableGoneEventAction(ctx, b.action.configured.Name, b.action.configured.Target, err.Error())
		if failed == nil {
			outcome = "released"
			if disabled {
				w.options.Logger.Error("an action is disabled", "action", b.action.configured.Name, "reason", err)
			}
		}
	}
	counter := map[string]*atomic.Int64{"delivered": &w.delivered, "skipped": &w.skipped, "failed": &w.failed, "dead": &w.dead}[outcome]
	if counter != nil {
		counter.Add(1)
	}
	w.options.Metrics.observe(b.action.configured.Name, outcome, time.Since(began))
	if err != nil {
		w.options.Logger.Warn("an event was not delivered", "action", b.action.configured.Name, "log_id", event.LogID,
			"delivery_id", event.DeliveryID, "attempt", event.Attempts, "outcome", outcome, "error", err)
	}
	if b.action.inside && err == nil && outcome == "delivered" {
		return // its own transaction recorded it
	}
	b.end(event, outcome, err)
}

// attempt delivers, or finds that no delivery is needed, or that it waits for others of the batch.
func (b *batch) attempt(ctx context.Context, event *delivery) (outcome string, err error) {
	defer b.survive(&err)
	if b.action.broken != nil {
		return "", &permanentError{b.action.broken}
	}
	if !event.IsLogged {
		return "", permanent("entry %d is not in the log any more", event.LogID)
	}
	parameters := event.parameters()
	if b.action.condition != nil {
		if holds, err := b.action.condition.holds(parameters); err != nil || !holds {
			return "skipped", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, b.worker.options.SendTimeout)
	defer cancel()
	switch b.action.configured.Kind {
	case "function":
		return "delivered", b.call(ctx, event)
	case "notify":
		b.waiting = append(b.waiting, event)
		return "waiting", nil
	default:
		return "delivered", b.action.outside.send(ctx, event, parameters)
	}
}

// survive turns a panic into the error of one delivery, because a single event must not stop all other deliveries. Call
// it deferred.
func (b *batch) survive(err *error) {
	if problem := recover(); problem != nil {
		b.worker.options.Logger.Error("a delivery panicked", "problem", problem, "stack", string(debug.Stack()))
		*err = permanent("the worker failed: %v", problem)
	}
}

// retryDelay grows from 5 seconds to an hour. A part of it is random, so that deliveries that failed together are not
// repeated together.
func retryDelay(attempts int) time.Duration {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.Multiplier, policy.MaxInterval, policy.RandomizationFactor = 5*time.Second, 2, time.Hour, 0.25
	delay := policy.NextBackOff()
	for range min(attempts, 100) - 1 {
		delay = policy.NextBackOff()
	}
	return delay
}

// troubled reports that the database fails, for one action or for all. It drops connections to a server that has become
// a standby, because a new connection may lead to the primary.
func (w *Worker) troubled(err error, what, action string) {
	w.options.Logger.Error(what, "action", action, "error", monitor.Explain(err))
	w.options.Metrics.work().Failed(err, action)
	if server := (*pgconn.PgError)(nil); errors.As(err, &server) && server.Code == "25006" { // read_only_sql_transaction
		w.pool.Reset()
	}
}
