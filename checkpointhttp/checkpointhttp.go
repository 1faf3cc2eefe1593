// Package checkpointhttp gives checkpoints to an application with net/http.
//
// [Checkpoints.Handler] runs a handler in a transaction of the user who has signed in. If the handler reaches an active
// gate, nothing of it remains, and the client is asked for an approval:
//
//   - A browser gets a page with the gate's message, user name, PIN, comment, OK and Cancel. OK sends the original
//     request again together with the answer. The page needs no JavaScript.
//   - A page of the application with the element <postern-checkpoint> shows the same in a dialog. It answers for the
//     forms inside the element, and for fetch.
//   - Another client gets 401 with application/problem+json, which has the challenge. It posts the answer to
//     /checkpoint/answer, gets a ticket, and sends its request again with the header Postern-Ticket.
//
// The server keeps nothing between the requests. The database binds challenge and ticket to the user, the database role
// and the gate's parameters, so nobody can send them with something else than what was approved.
//
// [Checkpoints] is also the handler of the paths below /checkpoint/: the element's script, answer, cancel, and the pages
// that change a PIN and set up an authenticator app.
package checkpointhttp

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/message/catalog"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/words"
)

// TicketHeader is the header with which a client sends its request again after an approval.
const TicketHeader = "Postern-Ticket"

// rehearsalHeader asks whether the request needs an approval: work runs and rolls back. The response has the header too,
// which tells the element that it has reached a Handler, and that nothing was done.
const rehearsalHeader = "Postern-Rehearsal"

// Checkpoints gives checkpoints to the handlers of an application. Set its fields before the first request. It must not
// be copied.
type Checkpoints struct {
	// Pool connects as a role that is a member of postern_app or postern_trusted_app, as the sessions need.
	Pool postern.Pool
	// Session returns the session of the user who has signed in; false if nobody has.
	Session func(r *http.Request) (postern.Session, bool)

	// Path is where the application serves the Checkpoints, as the server receives it; "/checkpoint/" if empty.
	Path string
	// Home is the link on pages after which there is nothing left to do; if empty, the page from which the person came, or
	// "/" if the browser does not name it. A proxy may take a prefix off both paths.
	Home string
	// PasskeyDomain is that of the database's setting passkey_domain; the host of the page if empty.
	PasskeyDomain string
	// Words are what people read, made by postern.Words; nil for English and German.
	Words catalog.Catalog
	// CrossOrigin refuses requests that other sites make a browser send; nil refuses them all.
	CrossOrigin *http.CrossOriginProtection
	// MaxBytes limits a request's body, and a response's; 1 MiB if zero. Both are kept in memory.
	MaxBytes int64
	// Timeout limits how long a body may take to arrive, and then the transactions of the request; 30 s if zero.
	Timeout time.Duration
	// Log gets the errors that no user can mend; nil is slog.Default.
	Log *slog.Logger

	answers limiter
}

// Work is a handler whose statements run in tx. What it writes to w reaches the client after the commit. It may run
// more than once, with another tx, another w and the same request, as work in postern.Do.
//
// If Work returns an error, the transaction rolls back. Work returns the errors of its statements, unchanged or
// wrapped. To refuse a request for other reasons, it writes a response with a status of at least 400 and then returns
// an error: the client gets that response.
type Work func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error

// Handler returns a handler that runs work in a transaction of the request's user, and asks for approvals. The user of
// a browser sends the answer with POST: if work is reached by GET, register it for both methods.
func (c *Checkpoints) Handler(work Work) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rehearses := r.Header.Get(rehearsalHeader) != ""
		if rehearses {
			w.Header().Set(rehearsalHeader, "done")
		}
		e, ok := c.begin(w, r)
		if !ok {
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), c.timeout())
		defer cancel()
		ticket := cmp.Or(e.ticket, r.Header.Get(TicketHeader))
		switch {
		case rehearses:
			e.rehearse(ctx, ticket, work)
		case e.answer == nil:
			done, err := e.run(ctx, e.session.WithTicket(ticket), work)
			if err != nil && ticket != "" {
				before, _ := cutLast(ticket)
				err = e.askAgain(ctx, before, work, err)
			}
			e.finish(done, err)
		case e.tooFast():
		case e.answer.cancels:
			e.finishCancel(postern.Cancel(ctx, c.Pool, e.session, e.answer.challenge, e.answer.Comment))
		default:
			var done *response
			ticket, err := postern.Authenticate(ctx, c.Pool, e.session, e.answer.challenge, e.answer.Answer)
			if err == nil {
				done, err = e.run(ctx, e.session.WithTicket(ticket), work)
			}
			_, before, _ := strings.Cut(e.answer.challenge, ticketSeparator)
			e.finish(done, e.askAgain(ctx, before, work, err))
		}
	})
}

// ticketSeparator is what package postern puts between the tickets of a challenge, and between those of a ticket.
const ticketSeparator = "+"

// cutLast returns the tickets before the last one.
func cutLast(ticket string) (before, last string) {
	if index := strings.LastIndex(ticket, ticketSeparator); index >= 0 {
		return ticket[:index], ticket[index+1:]
	}
	return "", ticket
}

// run runs work in a transaction. It returns what work wrote, also if there is an error.
func (e *exchange) run(ctx context.Context, session postern.Session, work Work) (done *response, err error) {
	err = postern.Do(ctx, e.Pool, session, nil, func(tx pgx.Tx) error {
		done = &response{limit: e.maxBytes()}
		err := work(done, e.request(ctx), tx)
		return cmp.Or(err, done.err)
	})
	return done, err
}

var errProbe = errors.New("the gate was not reached again")

// probe returns work that rolls back in any case. Before that it reaches what the commit would reach, such as the gate
// of the administration.
func probe(work Work) Work {
	return func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		if err := work(w, r, tx); err != nil {
			return err
		}
		_, err := tx.Exec(r.Context(), "set constraints all immediate")
		return cmp.Or(err, errProbe)
	}
}

// rehearse tells whether work, with the approvals so far, would ask for another one. A browser then sends the form
// itself, and shows the response as it does without the element: also that of a work that refuses.
func (e *exchange) rehearse(ctx context.Context, ticket string, work Work) {
	done, err := e.run(ctx, e.session.WithTicket(ticket), probe(work))
	if ticket != "" {
		before, _ := cutLast(ticket)
		err = e.askAgain(ctx, before, work, err)
	}
	if errors.Is(err, errProbe) || done.refuses(err) {
		e.noContent()
		return
	}
	e.finish(nil, err)
}

// askAgain returns another question if a person can mend the rejected answer. It sends work only for the question: if
// work now reaches no gate, it rolls back, because after a rejected answer nothing must happen without another OK.
// before are the tickets of earlier approvals; they may have expired.
func (e *exchange) askAgain(ctx context.Context, before string, work Work, rejected error) error {
	if !asksAgain(rejected) {
		return rejected
	}
	_, err := e.run(ctx, e.session.WithTicket(before), probe(work))
	var required *postern.CheckpointRequired
	if before != "" && !errors.As(err, &required) {
		_, err = e.run(ctx, e.session.WithTicket(""), probe(work))
	}
	if !errors.As(err, &required) {
		return rejected
	}
	required.Rejected = rejected
	return err
}

// asksAgain reports whether looking at the question once more may help. A ticket that was used does not: whoever
// approves again may do the work twice.
func asksAgain(err error) bool {
	var (
		denied  *postern.Denied
		comment *postern.CommentRequired
		invalid *postern.TicketInvalid
	)
	switch {
	case errors.As(err, &denied), errors.As(err, &comment):
		return true
	case errors.As(err, &invalid):
		return invalid.Reason == "expired" || invalid.Reason == "changed"
	default:
		return false
	}
}

func (c *Checkpoints) path() string           { return cmp.Or(c.Path, "/checkpoint/") }
func (c *Checkpoints) maxBytes() int64        { return cmp.Or(c.MaxBytes, 1<<20) }
func (c *Checkpoints) timeout() time.Duration { return cmp.Or(c.Timeout, 30*time.Second) }
func (c *Checkpoints) log() *slog.Logger      { return cmp.Or(c.Log, slog.Default()) }

func (c *Checkpoints) crossOrigin() *http.CrossOriginProtection {
	return cmp.Or(c.CrossOrigin, &http.CrossOriginProtection{}) // the zero value refuses everything from elsewhere
}

func (c *Checkpoints) language(r *http.Request) words.Language {
	return words.Match(c.Words, r.Header.Get("Accept-Language"))
}
