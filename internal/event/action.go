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

// outside delivers to a receiver outside the database. If the machine dies before the delivery is recorded, it is repeated.
type outside interface {
	send(ctx context.Context, event *delivery, parameters map[string]any) error
}

// inside delivers within the database, in the transaction that records the delivery.
type inside interface {
	run(ctx context.Context, pool *pgxpool.Pool, lease uuid.UUID, event *delivery, parameters map[string]any) error
}

// action is an event action that is ready to deliver.
type action struct {
	configured query.EventWorkerAction
	condition  *Condition   // nil means always
	outside    outside      // this delivers outside the database
	inside     inside       // or this delivers inside; the other is nil
	broken     error        // why it can deliver nothing; its deliveries become dead letters, which an administrator sees
	restUntil  atomic.Int64 // until when the receiver asked for a pause, in Unix nanoseconds
}

// longestRest bounds how long one answer delays the other deliveries of the action.
const longestRest = time.Minute

// answered handles the part of a receiver's answer that is not only about this delivery.
func (a *action) answered(err error) {
	rest := time.Duration(0)
	if later := (*laterError)(nil); errors.As(err, &later) {
		rest = min(later.after, longestRest)
	}
	if gone := (*goneError)(nil); errors.As(err, &gone) {
		rest = longestRest // the action is disabled before it ends
	}
	if rest > 0 {
		a.restUntil.Store(time.Now().Add(rest).UnixNano())
	}
}

// rest is how long the receiver still wants a pause.
func (a *action) rest() time.Duration { return time.Until(time.Unix(0, a.restUntil.Load())) }

// errNoSMTP says why a mail waits.
var errNoSMTP = errors.New("mails wait until a worker is given an SMTP server, by --smtp or POSTERN_SMTP")

// prepare compiles an action. It returns errNoSMTP for a mail if there is no server.
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

// function is the name of a function that the database calls with the event's parameters, which it reads from the log.
type function string

// maximumAnswer is the maximum in bytes that a server may answer. A function can raise an error of any length, and a line
// of a mail server need not end.
const maximumAnswer = 1 << 20

// run opens a session for each call, so that nothing that the function leaves in it affects anybody: settings, locks,
// temporary tables, or prepared statements with the names of ours.
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
		// A function may continue after it was told to end, and it holds the delivery until then.
		if ended := query.New(pool).EndSession(closing, int32(session.PgConn().PID())); ended != nil {
			err = fmt.Errorf("%w (and its session could not be ended: %w)", err, ended)
		}
	}
	_ = session.Close(closing)
	return err
}

// channel receives only IDs in its notifications, because everybody may listen.
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
