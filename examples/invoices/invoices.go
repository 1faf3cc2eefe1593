// Package invoices is an example: a page on which people approve and pay invoices. The database asks for a PIN each
// time, and the page shows its question in the dialog of package checkpointhttp. "postern demo --web" runs it.
//
// To sign in, people only choose their name, so that the example stays small. An application has a login of its own
// there. Even so nobody approves anything without a PIN.
package invoices

import (
	"crypto/rand"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/checkpointhttp"
)

//go:embed page.html style.css app.js
var files embed.FS

var pages = template.Must(template.ParseFS(files, "page.html"))

// security lets the page run no other script, and no other site frame it.
const security = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// cookieName is the cookie with the id of a session.
const cookieName = "session"

// page is the application.
type page struct {
	pool   *pgxpool.Pool
	signer postern.Signer

	mutex sync.Mutex
	// users are the users of the sessions.
	users map[string]string
}

// New returns the application. The pool connects as the login of [Setup].
func New(pool *pgxpool.Pool, signer postern.Signer) http.Handler {
	p := &page{pool: pool, signer: signer, users: map[string]string{}}
	checkpoints := &checkpointhttp.Checkpoints{Pool: pool, Session: p.session}
	mux := http.NewServeMux()
	mux.Handle("/checkpoint/", checkpoints)
	mux.Handle("POST /approve", checkpoints.Handler(call("select invoices.approve($1)")))
	mux.Handle("POST /pay", checkpoints.Handler(call("select invoices.pay($1)")))
	mux.HandleFunc("GET /{$}", p.list)
	mux.HandleFunc("POST /sign-in", p.signIn)
	mux.HandleFunc("POST /sign-out", p.signOut)
	mux.Handle("GET /style.css", http.FileServerFS(files))
	mux.Handle("GET /app.js", http.FileServerFS(files))
	return http.NewCrossOriginProtection().Handler(mux)
}

// call returns a handler that calls a business function for an invoice. What the function refuses, the person reads.
func call(statement string) checkpointhttp.Work {
	return func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		_, err := tx.Exec(r.Context(), statement, r.PostFormValue("no"))
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == "P0001" { // raise exception
			show(w, http.StatusUnprocessableEntity, view{Refusal: refused.Message})
		}
		if err == nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
		return err
	}
}

// view is what the page shows.
type view struct {
	// User is who has signed in; People are those who may.
	User     string
	People   []string
	Invoices []invoice
	Refusal  string
}

type invoice struct {
	No, Supplier, Amount string
	ApprovedBy, PaidBy   *string
}

func (p *page) list(w http.ResponseWriter, r *http.Request) {
	session, ok := p.session(r)
	if !ok {
		show(w, http.StatusOK, view{People: people})
		return
	}
	shown := view{User: session.UserID()}
	err := postern.Do(r.Context(), p.pool, session, nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(r.Context(), `
select no, supplier, to_char(amount, 'FM999G999G990D00'), approved_by, paid_by from invoices.invoice order by no`)
		if err != nil {
			return err
		}
		shown.Invoices, err = pgx.CollectRows(rows, pgx.RowToStructByPos[invoice])
		return err
	})
	if err != nil {
		slog.Error("the invoices cannot be read", "error", err)
		show(w, http.StatusInternalServerError, view{Refusal: postern.Explain(err, r.Header.Get("Accept-Language"))})
		return
	}
	show(w, http.StatusOK, shown)
}

func show(w http.ResponseWriter, status int, v view) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", security)
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.Execute(w, v); err != nil {
		slog.Error("the page cannot be sent", "error", err)
	}
}

// session returns the session of the user who has signed in.
func (p *page) session(r *http.Request) (postern.Session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return postern.Session{}, false
	}
	p.mutex.Lock()
	user, ok := p.users[cookie.Value]
	p.mutex.Unlock()
	return postern.TokenSession(p.signer, user), ok
}

func (p *page) signIn(w http.ResponseWriter, r *http.Request) {
	user := r.PostFormValue("user")
	if !slices.Contains(people, user) {
		http.Error(w, "nobody has this name", http.StatusUnprocessableEntity)
		return
	}
	id := rand.Text()
	p.mutex.Lock()
	p.users[id] = user
	p.mutex.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p *page) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		p.mutex.Lock()
		delete(p.users, cookie.Value)
		p.mutex.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
