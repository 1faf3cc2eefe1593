package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/internal/query"
)

// outside tells somebody outside of the database. If the machine dies before that is noted, it is done again.
type outside interface {
	send(ctx context.Context, event *delivery, parameters map[string]any) error
}

// inside does something in the database, in the transaction that notes it as done.
type inside interface {
	run(ctx context.Context, pool *pgxpool.Pool, lease uuid.UUID, event *delivery, parameters map[string]any) error
}

// action is an event action that is ready to deliver.
type action struct {
	configured query.EventWorkerAction
	condition  *Condition   // nil for always
	outside    outside      // either this
	inside     inside       // or that
	broken     error        // why it can deliver nothing; its deliveries become dead letters, for an administrator to see
	restUntil  atomic.Int64 // until when the receiver wants to be left alone, in Unix nanoseconds
}

// longestRest bounds for how long one answer keeps the other deliveries of the action from being tried.
const longestRest = time.Minute

// answered takes to heart what a receiver said that is not about this delivery alone.
func (a *action) answered(err error) {
	rest := time.Duration(0)
	if later := (*laterError)(nil); errors.As(err, &later) {
		rest = min(later.after, longestRest)
	}
	if gone := (*goneError)(nil); errors.As(err, &gone) {
		rest = longestRest // by then the action is disabled
	}
	if rest > 0 {
		a.restUntil.Store(time.Now().Add(rest).UnixNano())
	}
}

// rest is for how long the receiver wants to be left alone.
func (a *action) rest() time.Duration { return time.Until(time.Unix(0, a.restUntil.Load())) }

// errNoSMTP is why a mail waits.
var errNoSMTP = errors.New("mails wait until a worker is given an SMTP server, by --smtp or POSTERN_SMTP")

// prepare compiles an action. It gives errNoSMTP for a mail where there is no server.
func (w *Worker) prepare(configured query.EventWorkerAction) (*action, error) {
	made := &action{configured: configured}
	var template *Template
	if configured.Condition != nil {
		made.condition, made.broken = CompileCondition(*configured.Condition)
	}
	if configured.Template != nil && made.broken == nil {
		template, made.broken = ParseTemplate(*configured.Template)
	}
	if made.broken != nil {
		return made, nil
	}
	switch configured.Kind {
	case "webhook":
		made.outside, made.broken = newWebhook(configured, w.clients[configured.AllowInternal], template)
	case "mail":
		if w.options.SMTP == nil {
			return nil, errNoSMTP
		}
		made.outside, made.broken = newMailer(configured.Target, w.options.SMTP, template)
	case "function":
		made.inside = function(configured.Name)
	case "notify":
		made.inside = channel{configured.Name, configured.Target}
	default:
		made.broken = fmt.Errorf("this installer knows no action of kind %q: it is older than what is installed", configured.Kind)
	}
	return made, nil
}

// function is the name of an action whose function is called with the event's parameters, by the database, from the log.
type function string

// maximumAnswer bounds in bytes what a server may say: a function can raise an error of any length, and a mail server's
// line need not end.
const maximumAnswer = 1 << 20

// run has a session for each call, so that nothing which the function leaves in one meets anybody: settings, prepared
// statements under the names of ours, temporary tables, locks.
func (f function) run(ctx context.Context, pool *pgxpool.Pool, lease uuid.UUID, event *delivery, _ map[string]any) error {
	session, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	session.PgConn().Frontend().SetMaxBodyLen(maximumAnswer)
	err = pgx.BeginTxFunc(ctx, session, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		return query.New(tx).CallEventFunction(ctx, string(f), lease, event.LogID)
	})
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if session.IsClosed() {
		// A function may go on after it was asked to end, and have the delivery until it does.
		if ended := query.New(pool).EndSession(closing, int32(session.PgConn().PID())); ended != nil {
			err = fmt.Errorf("%w (and its session could not be ended: %w)", err, ended)
		}
	}
	_ = session.Close(closing)
	return err
}

// channel is notified of ids only: everybody may listen.
type channel struct{ action, name string }

func (c channel) run(ctx context.Context, pool *pgxpool.Pool, lease uuid.UUID, event *delivery, parameters map[string]any) error {
	payload, err := json.Marshal(map[string]any{"event": parameters["event"], "log_id": event.LogID, "delivery_id": event.DeliveryID})
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := query.New(tx).NotifyEvent(ctx, c.name, string(payload)); err != nil {
			return err
		}
		finished, err := query.New(tx).FinishEventDeliveries(ctx, query.FinishEventDeliveriesParams{
			Name: c.action, Lease: lease, LogIDs: []int64{event.LogID}, Outcomes: []string{"delivered"}, Delays: []float64{0}, Errors: []string{""},
		})
		if err == nil && finished != 1 {
			err = errors.New("another worker has taken over")
		}
		return err
	})
}

func newClients(connections int) map[bool]*http.Client {
	return map[bool]*http.Client{true: newClient(true, connections), false: newClient(false, connections)}
}
