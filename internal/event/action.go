package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
)

// outside tells somebody outside of the database. If the machine dies before that is noted, it is done again.
type outside interface {
	send(ctx context.Context, event *delivery, parameters map[string]any) error
}

// inside does something in the transaction that notes it as done.
type inside interface {
	run(ctx context.Context, tx pgx.Tx, event *delivery, parameters map[string]any) error
}

// action is an event action that is ready to deliver.
type action struct {
	configured db.EventWorkerAction
	condition  *Condition // nil for always
	outside    outside    // either this
	inside     inside     // or that
	broken     error      // why it can deliver nothing; its deliveries become dead letters, for an administrator to see
}

// errNoSMTP is why a mail waits.
var errNoSMTP = errors.New("mails wait until a worker is given an SMTP server, by --smtp or POSTERN_SMTP")

// prepare compiles an action. It gives errNoSMTP for a mail where there is no server.
func (w *Worker) prepare(configured db.EventWorkerAction) (*action, error) {
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
		made.inside = function(configured.Target)
	case "notify":
		made.inside = channel(configured.Target)
	default:
		made.broken = fmt.Errorf("this installer knows no action of kind %q: it is older than what is installed", configured.Kind)
	}
	return made, nil
}

// function is called with the event's parameters.
type function string

func (f function) run(ctx context.Context, tx pgx.Tx, _ *delivery, parameters map[string]any) error {
	statement, err := db.New(tx).EventFunctionCall(ctx, string(f))
	if err != nil {
		return err
	}
	document, err := json.Marshal(parameters)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, statement, string(document))
	return err
}

// channel is notified of ids only: everybody may listen.
type channel string

func (c channel) run(ctx context.Context, tx pgx.Tx, event *delivery, parameters map[string]any) error {
	payload, err := json.Marshal(map[string]any{"event": parameters["event"], "log_id": event.LogID, "delivery_id": event.DeliveryID})
	if err != nil {
		return err
	}
	return db.New(tx).NotifyEvent(ctx, string(c), string(payload))
}

func newClients(connections int) map[bool]*http.Client {
	return map[bool]*http.Client{true: newClient(true, connections), false: newClient(false, connections)}
}
