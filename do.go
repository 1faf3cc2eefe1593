package postern

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/transaction"
)

// redacted stands for what must not be printed.
const redacted = "[redacted]"

// Answer is what a user answered at a checkpoint. It prints without the response.
type Answer struct {
	// Username is who approves; empty for the user whom CheckpointRequired names.
	Username string
	// Response proves it: the PIN, or what another scheme asks for.
	Response string
	// Comment goes into the log, also when the user cancels; empty for none.
	Comment string
	// Scheme is one of those that CheckpointRequired names; empty for PIN.
	Scheme string
}

// Format leaves out the response, whatever the verb.
func (a Answer) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "postern.Answer{Username: %q, Response: %s, Comment: %q, Scheme: %q}",
		a.Username, redacted, a.Comment, a.Scheme)
}

// LogValue leaves out the response.
func (a Answer) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("username", a.Username), slog.String("comment", a.Comment), slog.String("scheme", a.Scheme))
}

// MarshalJSON leaves out the response.
func (a Answer) MarshalJSON() ([]byte, error) {
	type plain Answer
	a.Response = redacted
	return json.Marshal(plain(a))
}

// Prompt shows a checkpoint to the user and returns the answer, or an error that ends it: ErrCancelled where the user
// refuses. A prompt that is asked again finds the reason in required.Rejected.
type Prompt func(ctx context.Context, required *CheckpointRequired) (Answer, error)

// Do runs work in a transaction of the session's user. Where it reaches an active gate, the transaction rolls back,
// prompt is asked, the answer is authenticated in a transaction of its own, and work runs a second time with its gates
// open. So work may run several times: what it does outside the transaction has to bear that, and with the same
// arguments it has to reach the same gate with the same parameters. It must return the errors of its statements, as
// they are or wrapped.
//
// The transaction begins with the first statement of work, in the same round trip if that is an Exec with arguments or a
// QueryRow. Only then session and answer are judged: where they are not valid, all statements of work fail, and Do returns
// that error, whatever work returns. An argument of that statement which pgx cannot encode, such as an int for a text, ends
// the transaction. Work sends its statements by tx only: what it sends by a *pgx.Conn that is the pool may come before the
// transaction. tx.Conn() is nil where there is no connection.
//
// A wrong answer asks the prompt again, with a new challenge; the server counts the attempts. Nothing is approved and
// nothing is repeated without the prompt. With a nil prompt Do returns the *CheckpointRequired.
//
// Work that is a projection action begins it first, with the function BeginAction of package db: then the prompt is
// asked for the action, and each gate that work reaches is open. An active gate that the action does not know of is an
// *Unhandled.
//
// Do returns nil after the commit. Else nothing of work is in the database (unless the connection broke during the
// commit), and the error is that of work, of the prompt or of the connection, made into Go types by [AsError]; in
// particular *Cancelled, where the user refused, *Locked after too many wrong answers, *TicketInvalid where the answer
// came too late or work reached its gate with other parameters. Serialization failures are for the caller to repeat.
func Do(ctx context.Context, pool Pool, session Session, prompt Prompt, work func(tx pgx.Tx) error) error {
	c := &conversation{pool: pool, session: session}
	err := c.inTransaction(ctx, work)
	var required *CheckpointRequired
	if prompt == nil || !errors.As(err, &required) {
		return err
	}
	for {
		ticket, err := c.ask(ctx, prompt, required)
		if err != nil {
			return err
		}
		err = c.withGatesOpen(ctx, ticket, work)
		var denied *Denied
		if !errors.As(err, &denied) {
			return err
		}
		if required, err = c.challengeAgain(ctx, work, denied); err != nil {
			return err
		}
	}
}

// Resume is the second half of [Do], for applications where question and answer are two requests: the first one calls
// Do with a nil prompt, shows the *CheckpointRequired, and remembers its challenge; the second one passes challenge and
// answer on, with the same work. So what the user saw is what is approved. answer needs a user name.
//
// Resume returns nil after the commit. Else nothing of work is in the database; a wrong answer is a *Denied, and needs
// a new challenge.
func Resume(ctx context.Context, pool Pool, session Session, challenge string, answer Answer, work func(tx pgx.Tx) error) error {
	c := &conversation{pool: pool, session: session}
	ticket, err := c.authenticate(ctx, challenge, answer)
	if err != nil {
		return err
	}
	return c.withGatesOpen(ctx, ticket, work)
}

// Cancel logs that the user refused, with a comment or "". challenge is that of the *CheckpointRequired.
func Cancel(ctx context.Context, pool Pool, session Session, challenge, comment string) error {
	c := &conversation{pool: pool, session: session}
	return c.inTransaction(ctx, func(tx pgx.Tx) error {
		return queries(tx).Cancel(ctx, challenge, optional(comment))
	})
}

// conversation is the sequence of transactions that one call of Do makes.
type conversation struct {
	pool    Pool
	session Session
}

// inTransaction commits what work does, or nothing.
func (c *conversation) inTransaction(ctx context.Context, work func(tx pgx.Tx) error) error {
	return c.run(ctx, nil, work)
}

// withGatesOpen is the second run: the ticket first, so that a wrong answer costs the server no work.
func (c *conversation) withGatesOpen(ctx context.Context, ticket uuid.UUID, work func(tx pgx.Tx) error) error {
	return c.run(ctx, &ticket, work)
}

func (c *conversation) run(ctx context.Context, ticket *uuid.UUID, work func(tx pgx.Tx) error) error {
	start := func() (transaction.Statement, error) { return c.session.statement(ticket) }
	return AsError(transaction.Run(ctx, c.pool, start, work))
}

// ask has the prompt answer until the answer can be judged, and returns the ticket for it.
func (c *conversation) ask(ctx context.Context, prompt Prompt, required *CheckpointRequired) (uuid.UUID, error) {
	for {
		answer, err := prompt(ctx, required)
		if errors.Is(err, ErrCancelled) {
			err := Cancel(ctx, c.pool, c.session, required.Challenge, answer.Comment)
			if err != nil {
				err = fmt.Errorf("log the refusal: %w", err)
			}
			return uuid.Nil, errors.Join(&Cancelled{Required: required}, err)
		}
		if err != nil {
			return uuid.Nil, fmt.Errorf("prompt for gate %s: %w", required.Gate, err)
		}
		answer.Username = cmp.Or(answer.Username, required.Username)
		ticket, err := c.authenticate(ctx, required.Challenge, answer)
		var comment *CommentRequired
		if !errors.As(err, &comment) {
			return ticket, err
		}
		required.Rejected = comment
	}
}

// authenticate has the server judge the answer. The verdict is for the transaction that uses the ticket.
func (c *conversation) authenticate(ctx context.Context, challenge string, answer Answer) (ticket uuid.UUID, err error) {
	// The server's complaint about such a text quotes a piece of it.
	if !utf8.ValidString(answer.Response) || strings.ContainsRune(answer.Response, 0) {
		return uuid.Nil, errors.New("postern: the response is no text: it has a NUL, or it is not UTF-8")
	}
	err = c.inTransaction(ctx, func(tx pgx.Tx) error {
		// Where a DBA wants to see parameters in errors, the response would be in the server's log and in our error.
		if _, err := (bound{tx}).Exec(ctx, "set local log_parameter_max_length_on_error = 0"); err != nil {
			return err
		}
		ticket, err = queries(tx).Authenticate(ctx, db.AuthenticateParams{
			Challenge: challenge,
			Username:  answer.Username,
			Response:  answer.Response,
			Comment:   optional(answer.Comment),
			Scheme:    answer.Scheme,
		})
		return err
	})
	return ticket, err
}

var errProbe = errors.New("the gate was not reached again")

// challengeAgain sends the transaction for a new challenge only: it rolls back even if the gate lets it pass now, since
// after a wrong answer nothing happens without the prompt.
func (c *conversation) challengeAgain(ctx context.Context, work func(tx pgx.Tx) error, denied *Denied) (*CheckpointRequired, error) {
	err := c.inTransaction(ctx, func(tx pgx.Tx) error {
		return cmp.Or(work(tx), errProbe)
	})
	var required *CheckpointRequired
	switch {
	case errors.As(err, &required):
		required.Rejected = denied
		return required, nil
	case errors.Is(err, errProbe):
		return nil, denied
	default:
		return nil, err
	}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
