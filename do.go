package postern

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/transaction"
	"github.com/posternsql/postern/secret"
)

// redacted replaces what must not be printed.
const redacted = secret.Redacted

// Answer is a user's answer at a checkpoint. Printing it does not show the response.
type Answer struct {
	// Username is the user who approves. For Do, empty is the user whom CheckpointRequired names.
	Username string
	// Response is the proof: the PIN, or what another scheme asks for.
	Response string
	// Comment goes into the log, even if the user cancels; it may be empty.
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

// Prompt shows a checkpoint to the user and returns the answer, or an error that ends the conversation: ErrCancelled if
// the user refuses. If the prompt is called again, required.Rejected has the reason.
type Prompt func(ctx context.Context, required *CheckpointRequired) (Answer, error)

// Do runs work in a transaction of the session's user and commits it. If work reaches an active gate, the transaction
// rolls back, Do calls prompt, the server checks the answer, and work runs again with its gates open. Work also runs
// again for each further gate that needs its own approval, and after a serialization failure or a deadlock. So work may
// run more than once: with the same arguments it must reach the same gates, in the same order and with the same
// parameters. It must return the errors of its statements, unchanged or wrapped.
//
// After a wrong answer Do calls the prompt again. If the prompt repeats the same answer, Do returns the error with
// which that answer was rejected. With a nil prompt Do returns the [*CheckpointRequired].
//
// Do returns nil after the commit. Otherwise the database contains nothing of work, unless the connection broke during
// the commit. The error comes from work, the prompt or the connection, converted by [AsError]. It is a [*Cancelled] if
// the user refused, [*Locked] after too many wrong answers, and [*TicketInvalid] if the answer came too late.
func Do(ctx context.Context, pool Pool, session Session, prompt Prompt, work func(tx pgx.Tx) error) error {
	return converse(ctx, pool, session, prompt, work)
}

// converse is what Do and DoSQL have in common.
func converse(ctx context.Context, pool transaction.Beginner, session Session, prompt Prompt, work func(tx pgx.Tx) error) error {
	c := newConversation(pool, session)
	err := c.resend(ctx, work)
	var required *CheckpointRequired
	if prompt == nil {
		return err
	}
	for questions := 0; errors.As(err, &required); questions++ {
		if questions == maximumQuestions {
			return fmt.Errorf("postern: after %d answers work reaches a gate that nobody has approved: %w", questions, err)
		}
		if err = c.ask(ctx, prompt, required); err != nil {
			return err
		}
		err = c.resend(ctx, work)
		var denied *Denied
		if errors.As(err, &denied) {
			err = c.challengeAgain(ctx, work, denied)
		}
	}
	return err
}

// Resume is the second half of [Do] if question and answer arrive in two requests. The first request calls Do with a
// nil prompt, shows the [*CheckpointRequired] and stores its challenge. The second request passes the challenge, the
// answer with a user name, and the same work. So the user approves exactly what was shown.
//
// Resume returns what Do returns. A wrong answer is a [*Denied], and needs a new challenge from another call of Do. If
// work reaches another gate that needs its own approval, Resume returns the next *CheckpointRequired. Its challenge
// also carries what was approved before.
func Resume(ctx context.Context, pool Pool, session Session, challenge string, answer Answer, work func(tx pgx.Tx) error) error {
	ticket, err := Authenticate(ctx, pool, session, challenge, answer)
	if err != nil {
		return err
	}
	return newConversation(pool, session.WithTicket(ticket)).resend(ctx, work)
}

// Authenticate is the first half of [Resume], if answer and work arrive in two requests: it sends the answer to the
// server and returns a ticket, whether or not the answer was right. [Do] with a session that has the ticket
// ([Session.WithTicket]) runs work, and returns a [*Denied] after a wrong answer. The ticket also carries the tickets
// that the challenge carried.
func Authenticate(ctx context.Context, pool Pool, session Session, challenge string, answer Answer) (ticket string, err error) {
	asked, tickets, err := splitChallenge(challenge)
	if err != nil {
		return "", err
	}
	c := newConversation(pool, session)
	c.tickets = tickets
	if err := c.authenticate(ctx, asked, answer); err != nil {
		return "", err
	}
	return joinTickets(c.tickets), nil
}

// ChangePIN changes the PIN of the session's user. The prompt asks for the current PIN, as in [Do]. If the new PIN is
// not acceptable, ChangePIN returns a [*CredentialPolicy].
func ChangePIN(ctx context.Context, pool Pool, session Session, prompt Prompt, newPIN string) error {
	if !isText(newPIN) {
		return errors.New("postern: the new PIN is not valid text: it has a NUL, or it is not UTF-8")
	}
	return Do(ctx, pool, session, prompt, func(tx pgx.Tx) error {
		if err := keepParametersOutOfErrors(ctx, tx); err != nil {
			return err
		}
		return queries(tx).SetPIN(ctx, secret.Text(newPIN))
	})
}

// Cancel logs that the user refused, with a comment or "". challenge is the one of the *CheckpointRequired.
func Cancel(ctx context.Context, pool Pool, session Session, challenge, comment string) error {
	return newConversation(pool, session).cancel(ctx, challenge, comment)
}

func (c *conversation) cancel(ctx context.Context, challenge, comment string) error {
	asked, _, err := splitChallenge(challenge)
	if err != nil {
		return err
	}
	return c.withoutApprovals().run(ctx, func(tx pgx.Tx) error {
		return queries(tx).Cancel(ctx, asked, optional(comment))
	})
}

// ticketSeparator precedes each ticket after a challenge; the challenge itself is base64url and a dot.
const ticketSeparator = "+"

// splitChallenge splits off the tickets from earlier approvals of the same work.
func splitChallenge(text string) (challenge string, tickets []uuid.UUID, err error) {
	challenge, rest, found := strings.Cut(text, ticketSeparator)
	if found {
		tickets, err = splitTickets(rest)
	}
	return challenge, tickets, err
}

// splitTickets reads what joinTickets wrote. Their number is limited, because a client may have written it.
func splitTickets(text string) (tickets []uuid.UUID, err error) {
	for found := true; found; {
		var ticket string
		ticket, text, found = strings.Cut(text, ticketSeparator)
		parsed, err := uuid.Parse(ticket)
		if err != nil || parsed.String() != ticket {
			return nil, malformedTicket()
		}
		if tickets = append(tickets, parsed); len(tickets) >= maximumQuestions {
			return nil, errors.New("postern: the ticket or challenge carries too many tickets")
		}
	}
	return tickets, nil
}

func joinTickets(tickets []uuid.UUID) string {
	texts := make([]string, len(tickets))
	for index, ticket := range tickets {
		texts[index] = ticket.String()
	}
	return strings.Join(texts, ticketSeparator)
}

// malformedTicket is the server's error for such a ticket.
func malformedTicket() error {
	return AsError(&pgconn.PgError{
		Severity: "ERROR", Code: "PS103", Message: "The ticket is not valid",
		Detail: `{"reason": "malformed", "explanation": "It is not a UUID."}`,
		Hint:   "Pass the challenge of the *CheckpointRequired, or the ticket of Authenticate, unchanged.",
	})
}

// maximumQuestions ends a conversation if work asks for something else each time that it runs.
const maximumQuestions = 100

// conversation is the sequence of transactions of one call of Do.
type conversation struct {
	pool    transaction.Beginner
	session Session
	// options are those of the transactions of work.
	options pgx.TxOptions
	// tickets are the approvals so far, in the order of the questions.
	tickets []uuid.UUID
	// given is the last answer.
	given Answer
}

func newConversation(pool transaction.Beginner, session Session) *conversation {
	return &conversation{pool: pool, session: session, options: session.options, tickets: slices.Clone(session.tickets)}
}

// maximumRepeats limits how often one run is repeated for the server; repeatPause is the base of the growing pauses
// between.
const (
	maximumRepeats = 5
	repeatPause    = 10 * time.Millisecond
)

// run commits the effects of work with the approved gates open, or nothing. The tickets come first, so that a wrong
// answer costs the server no work. A transaction that rolled back has not used its tickets: if the server asks for a
// repetition, nobody is asked for a PIN again.
func (c *conversation) run(ctx context.Context, work func(tx pgx.Tx) error) error {
	if c.options.BeginQuery != "" || c.options.CommitQuery != "" {
		return errors.New("postern: the transaction options have a BeginQuery or a CommitQuery")
	}
	err := c.try(ctx, work)
	for repeat := range maximumRepeats {
		if !isRepeatable(err) || ctx.Err() != nil {
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(repeatPause << repeat)): // random, so that transactions that collided do not collide again
		}
		err = c.try(ctx, work)
	}
	err = AsError(err)
	var required *CheckpointRequired
	if errors.As(err, &required) {
		for _, ticket := range c.tickets {
			required.Challenge += ticketSeparator + ticket.String()
		}
	}
	return err
}

// try runs work once.
func (c *conversation) try(ctx context.Context, work func(tx pgx.Tx) error) error {
	start, err := c.session.statements(c.tickets)
	if err != nil {
		return err
	}
	return transaction.Run(ctx, c.pool, c.options, start, work)
}

// isRepeatable reports serialization failures and deadlocks, after which the same transaction may succeed.
func isRepeatable(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == "40001" || server.Code == "40P01")
}

// withoutApprovals returns the same conversation for transactions other than those of work: without its options and its
// approvals.
func (c *conversation) withoutApprovals() *conversation {
	return &conversation{pool: c.pool, session: c.session.WithTicket("")}
}

// resend runs work. If an earlier approval has expired meanwhile, it runs work with those before it, so that it asks
// again.
func (c *conversation) resend(ctx context.Context, work func(tx pgx.Tx) error) error {
	err := c.run(ctx, work)
	var invalid *TicketInvalid
	if len(c.tickets) < 2 || !errors.As(err, &invalid) {
		return err
	}
	before := len(c.tickets)
	if failure := c.dropExpired(ctx); failure != nil {
		return errors.Join(err, failure)
	}
	if len(c.tickets) == before {
		return err
	}
	err = c.run(ctx, work)
	var required *CheckpointRequired
	if errors.As(err, &required) {
		required.Rejected = invalid
	}
	return err
}

// dropExpired keeps the tickets before the first expired one. If work reaches a gate several times, the tickets after
// that one would be approvals of other values.
func (c *conversation) dropExpired(ctx context.Context) error {
	var kept int
	err := c.withoutApprovals().run(ctx, func(tx pgx.Tx) error {
		kept = 0
		for kept < len(c.tickets) {
			status, err := queries(tx).TicketStatus(ctx, c.tickets[kept])
			if err != nil || status == "expired" {
				return err
			}
			kept++
		}
		return nil
	})
	if err == nil {
		c.tickets = c.tickets[:kept]
	}
	return err
}

// ask calls the prompt until the server can check the answer, and keeps the ticket for it.
func (c *conversation) ask(ctx context.Context, prompt Prompt, required *CheckpointRequired) error {
	for {
		answer, err := prompt(ctx, required)
		if errors.Is(err, ErrCancelled) {
			err := c.cancel(ctx, required.Challenge, answer.Comment)
			if err != nil {
				err = fmt.Errorf("log the refusal: %w", err)
			}
			return errors.Join(&Cancelled{Required: required}, err)
		}
		if err != nil {
			return fmt.Errorf("prompt for gate %s: %w", required.Gate, err)
		}
		answer.Username = cmp.Or(answer.Username, required.Username)
		if isRejectedAgain(answer, c.given, required.Rejected) {
			return fmt.Errorf("postern: the prompt repeats the same answer: %w", required.Rejected)
		}
		c.given = answer
		asked, _, err := splitChallenge(required.Challenge)
		if err != nil {
			return err
		}
		err = c.authenticate(ctx, asked, answer)
		var comment *CommentRequired
		if !errors.As(err, &comment) {
			return err
		}
		required.Rejected = comment
	}
}

// isRejectedAgain reports whether the rejected answer was given once more. A prompt that ignores the reason would
// otherwise continue until the user is locked.
func isRejectedAgain(answer, before Answer, rejected error) bool {
	var denied *Denied
	if errors.As(rejected, &denied) { // another comment does not make it right
		answer.Comment = before.Comment
	}
	var comment *CommentRequired
	return answer == before && (denied != nil || errors.As(rejected, &comment))
}

// authenticate sends the answer to the server and keeps the ticket. Only the transaction that uses the ticket learns
// the verdict.
func (c *conversation) authenticate(ctx context.Context, challenge string, answer Answer) error {
	if !isText(answer.Response) {
		return errors.New("postern: the response is not valid text: it has a NUL, or it is not UTF-8")
	}
	var ticket uuid.UUID
	err := c.withoutApprovals().run(ctx, func(tx pgx.Tx) error {
		err := keepParametersOutOfErrors(ctx, tx)
		if err != nil {
			return err
		}
		ticket, err = queries(tx).Authenticate(ctx, db.AuthenticateParams{
			Challenge: challenge,
			Username:  answer.Username,
			Response:  secret.Text(answer.Response),
			Comment:   optional(answer.Comment),
			Scheme:    answer.Scheme,
		})
		return err
	})
	if err == nil {
		c.tickets = append(c.tickets, ticket)
	}
	return err
}

// isText reports whether the server accepts a text. The server's error about another text quotes a part of it.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// keepParametersOutOfErrors applies to the rest of the transaction. If a DBA logs parameters with errors, a PIN would
// be in the server's log and in our error.
func keepParametersOutOfErrors(ctx context.Context, tx pgx.Tx) error {
	_, err := (bound{tx}).Exec(ctx, "set local log_parameter_max_length_on_error = 0")
	return err
}

var errProbe = errors.New("the gate was not reached again")

// challengeAgain sends the transaction only for a new challenge, without the denied ticket, which is the last one:
// those before it have already opened their gates. It rolls back even if the gate now lets it pass, because after a
// wrong answer nothing must happen without the prompt.
func (c *conversation) challengeAgain(ctx context.Context, work func(tx pgx.Tx) error, denied *Denied) error {
	c.tickets = c.tickets[:len(c.tickets)-1]
	err := c.resend(ctx, func(tx pgx.Tx) error {
		if err := work(tx); err != nil {
			return err
		}
		// The commit would reach a gate of the administration; this transaction will have none.
		if _, err := tx.Exec(ctx, "set constraints all immediate"); err != nil {
			return err
		}
		return errProbe
	})
	var required *CheckpointRequired
	switch {
	case errors.As(err, &required):
		required.Rejected = denied
	case errors.Is(err, errProbe):
		return denied
	}
	return err
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
