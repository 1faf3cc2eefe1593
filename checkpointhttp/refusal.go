package checkpointhttp

import (
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/words"
)

// problem is the body of a refusal for programs (RFC 9457). Its texts are exact: who shows them to people must not take
// them for HTML.
type problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	// Detail is what Explain says.
	Detail string `json:"detail"`
	// Code is the SQLSTATE, and Reason the reason of PS103 or PS109.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// RetryAt is when the next attempt is accepted.
	RetryAt *time.Time `json:"retry_at,omitempty"`

	*question
}

// question has the members of PS101's DETAIL.
type question struct {
	Gate            string          `json:"gate"`
	Action          *string         `json:"action"`
	Description     string          `json:"description"`
	Message         string          `json:"message"`
	Parameters      json.RawMessage `json:"parameters"`
	Username        *string         `json:"username"`
	Schemes         []string        `json:"schemes"`
	CommentRequired bool            `json:"comment_required"`
	Challenge       string          `json:"challenge"`
	ExpiresAt       time.Time       `json:"expires_at"`
	// ExpiresIn is in seconds, for clients whose clock is wrong.
	ExpiresIn int `json:"expires_in"`
	// Shown is for people: one line each, in which invisible characters, and those that change the direction of writing,
	// are escapes.
	Shown shown `json:"shown"`
	// Rejected says why the previous answer was rejected.
	Rejected *problem `json:"rejected,omitempty"`
}

type shown struct {
	Description string `json:"description"`
	Message     string `json:"message"`
}

// typePage has a row for each SQLSTATE.
const typePage = "https://github.com/posternsql/postern/blob/main/docs/errors.md"

// finish sends the response of work after the commit, or the question, or the refusal.
func (e *exchange) finish(done *response, err error) {
	var required *postern.CheckpointRequired
	switch {
	case err == nil:
		done.send(e.w)
	case errors.As(err, &required):
		e.ask(required)
	case done.refuses(err):
		done.send(e.w)
	default:
		e.fail(err)
	}
}

// ask sends a question. A link from another site must not open it: what a person approves, they have started here.
func (e *exchange) ask(required *postern.CheckpointRequired) {
	posted := e.r.Clone(e.r.Context())
	posted.Method = http.MethodPost
	if e.crossOrigin().Check(posted) != nil {
		e.refuse(http.StatusForbidden, "other_site")
		return
	}
	e.w.Header().Set("WWW-Authenticate", stepUp(required.Schemes))
	if e.page && e.original.canCarry() {
		e.showQuestion(required)
		return
	}
	p := e.problem(http.StatusUnauthorized, required)
	p.question = &question{
		Gate: required.Gate, Action: optional(required.Action), Description: required.Description, Message: required.Message,
		Parameters: required.Parameters, Username: optional(required.Username), Schemes: required.Schemes,
		CommentRequired: required.CommentRequired, Challenge: required.Challenge, ExpiresAt: required.ExpiresAt,
		ExpiresIn: max(0, int(time.Until(required.ExpiresAt).Seconds())),
		Shown:     shown{printable.Text(required.Description), printable.Text(required.Message)},
	}
	if required.Rejected != nil {
		p.Rejected = e.problem(statusOf(required.Rejected), required.Rejected)
	}
	e.sendProblem(p)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// plainScheme is a name that can stand in a header without quoting. Schemes come from DETAIL, which nobody signs.
var plainScheme = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// stepUp is the header of RFC 9470, section 3, for a scheme of our own: applications need not use bearer tokens.
func stepUp(schemes []string) string {
	var plain []string
	for _, scheme := range schemes {
		if plainScheme.MatchString(scheme) {
			plain = append(plain, scheme)
		}
	}
	return `Postern error="insufficient_user_authentication", error_description="An approval is needed", acr_values="` + strings.Join(plain, " ") + `"`
}

// notSignedIn goes with the status 401 for a user who has to sign in.
const notSignedIn = `Postern error="invalid_token"`

// isPostern reports an error that Postern has raised.
func isPostern(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && strings.HasPrefix(server.Code, "PS")
}

// statusOf returns the status for an error of the database; 500 for those that no user can mend.
func statusOf(err error) int {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return http.StatusInternalServerError
	}
	switch server.Code {
	case "PS101", "PS401", "PS402":
		return http.StatusUnauthorized
	case "PS103":
		return http.StatusConflict
	case "PS102", "PS104", "PS201":
		return http.StatusForbidden
	case "PS107", "PS108", "PS109", "PS301":
		return http.StatusUnprocessableEntity
	case "PS110":
		return http.StatusTooManyRequests
	case "25006", "40001", "40P01":
		return http.StatusServiceUnavailable
	case "42501":
		var refused *postern.RowRefused
		if errors.As(postern.AsError(err), &refused) {
			return http.StatusForbidden
		}
	}
	return http.StatusInternalServerError
}

// fail refuses because of an error, and logs it if no user can mend it.
func (e *exchange) fail(err error) {
	p := e.problem(statusOf(err), err)
	if p.Status == http.StatusInternalServerError || p.Code == "PS107" { // PS107 may be a mistake in the application
		e.log().ErrorContext(e.r.Context(), "checkpointhttp: the transaction failed", "method", e.r.Method, "pattern", e.r.Pattern, "error", err)
	}
	if p.RetryAt != nil {
		e.retryAfter(time.Until(*p.RetryAt))
	}
	if p.Status == http.StatusUnauthorized {
		e.w.Header().Set("WWW-Authenticate", notSignedIn)
	}
	e.send(p)
}

// refuse refuses with the sentence of a key.
func (e *exchange) refuse(status int, key string) { e.refuseWaiting(status, key, 0) }

func (e *exchange) refuseWaiting(status int, key string, after time.Duration) {
	if status == http.StatusUnauthorized {
		e.w.Header().Set("WWW-Authenticate", notSignedIn)
	}
	p := &problem{Type: "about:blank", Status: status, Detail: e.language.Say([]string{key, words.Other}, e.language.Wait(after))}
	p.setCode(key)
	e.send(p)
}

// problem describes an error. Members that would tell more than Explain does are left out.
func (e *exchange) problem(status int, err error) *problem {
	p := &problem{Type: "about:blank", Status: status, Detail: e.explain(err)}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		p.setCode(server.Code)
	}
	var (
		denied  *postern.Denied
		invalid *postern.TicketInvalid
		locked  *postern.Locked
		policy  *postern.CredentialPolicy
		limited *postern.RateLimited
		retryAt time.Time
	)
	switch {
	case errors.As(err, &denied):
		retryAt = denied.UnlocksAt
	case errors.As(err, &invalid):
		p.Reason = invalid.Reason
	case errors.As(err, &locked):
		retryAt = locked.UnlocksAt
	case errors.As(err, &policy):
		p.Reason = policy.Reason
	case errors.As(err, &limited):
		retryAt = limited.AgainAt
	}
	if !retryAt.IsZero() {
		p.RetryAt = &retryAt
	}
	return p
}

// setCode keeps other codes than Postern's from the client.
func (p *problem) setCode(code string) {
	if strings.HasPrefix(code, "PS") {
		p.Type, p.Code = typePage+"#"+code, code
	}
}

func (e *exchange) explain(err error) string {
	return postern.ExplainIn(e.Words, err, e.r.Header.Get("Accept-Language"))
}

func (e *exchange) retryAfter(after time.Duration) {
	e.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
}

// send sends a refusal as a page or for programs.
func (e *exchange) send(p *problem) {
	if e.page {
		e.showEnd(p.Status, "dialog.not_done", p.Detail)
		return
	}
	e.sendProblem(p)
}

// noContent is a response without anything to show.
func (e *exchange) noContent() {
	e.secureHeaders("")
	e.w.Header().Del("Content-Type")
	e.w.WriteHeader(http.StatusNoContent)
}

func (e *exchange) sendProblem(p *problem) { e.sendJSON(p.Status, "application/problem+json", p) }

func (e *exchange) sendJSON(status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		e.log().ErrorContext(e.r.Context(), "checkpointhttp: write a response", "error", err)
		http.Error(e.w, "", http.StatusInternalServerError)
		return
	}
	e.secureHeaders(contentType)
	e.w.WriteHeader(status)
	_, _ = e.w.Write(text) // fails if the client has gone
}

// secureHeaders keep a response of ours out of caches, frames, other windows and other sites' logs. The page has no
// script, and its style comes from the application's own origin.
func (e *exchange) secureHeaders(contentType string) {
	header := e.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Language", e.language.Tag.String())
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	// Not no-referrer: with that a browser sends "Origin: null", which cannot be told from another site.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

// wantsPage reports whether a client accepts HTML and does not ask for JSON, as browsers do when they open a page.
func wantsPage(header http.Header) bool {
	html := false
	for _, part := range strings.Split(strings.Join(header.Values("Accept"), ","), ",") {
		media, parameters, err := mime.ParseMediaType(part)
		quality, badQuality := strconv.ParseFloat(parameters["q"], 64)
		if err != nil || badQuality == nil && quality == 0 {
			continue
		}
		switch media {
		case "text/html":
			html = true
		case jsonType, "application/problem+json":
			return false
		}
	}
	return html
}
