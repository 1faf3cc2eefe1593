package event

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/posternsql/postern/internal/query"
)

// outside delivers to a receiver outside the database. If the machine dies before the delivery is recorded, it is
// repeated.
type outside interface {
	send(ctx context.Context, event *delivery, parameters map[string]any) error
}

// action is an event action that is ready to deliver.
type action struct {
	configured query.EventWorkerAction
	condition  *Condition   // nil means always
	outside    outside      // this delivers outside the database, or
	inside     bool         // the database delivers, in the transaction that records the delivery
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
	case "function", "notify":
		made.inside = true
	default:
		made.broken = fmt.Errorf("this installer knows no action of kind %q: it is older than what is installed", configured.Kind)
	}
	return made, nil
}

func newClients(connections int) map[bool]*http.Client {
	return map[bool]*http.Client{true: newClient(true, connections), false: newClient(false, connections)}
}
