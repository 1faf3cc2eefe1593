package checkpointhttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/words"
)

// exchange is one request and its response.
type exchange struct {
	*Checkpoints
	w        http.ResponseWriter
	r        *http.Request
	language words.Language
	session  postern.Session
	// page reports that the client is a browser that shows a page.
	page bool
	// original is the request that work gets. If a page carried it, answer or ticket is what came with it.
	original original
	carried  bool
	answer   *answer
	ticket   string
	// back is where the person was before the pages of this package.
	back string
}

// original is what a browser has to send again. It travels in the page and not on the server.
type original struct {
	method, contentType string
	body                []byte
}

// answer is what a person has entered on the page.
type answer struct {
	postern.Answer
	challenge string
	cancels   bool
}

// The names of the fields on the page. Work never sees them.
const (
	fieldChallenge   = "postern_challenge"
	fieldTicket      = "postern_ticket"
	fieldUsername    = "postern_username"
	fieldPIN         = "postern_pin"
	fieldScheme      = "postern_scheme"
	fieldComment     = "postern_comment"
	fieldChoice      = "postern_choice"
	fieldMethod      = "postern_method"
	fieldContentType = "postern_type"
	fieldBody        = "postern_body"
	fieldBack        = "postern_back"
	fieldNewPIN      = "postern_new_pin"
	fieldNewPINAgain = "postern_new_pin_again"
)

const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
	jsonType      = "application/json"
)

// answerBytes is more than the fields of an answer take, except for the original body and the challenge.
const answerBytes = 128 << 10

// begin refuses what needs no database, and reads the body, so that a slow client holds no connection. It returns false
// if it has responded.
func (c *Checkpoints) begin(w http.ResponseWriter, r *http.Request) (*exchange, bool) {
	e := &exchange{Checkpoints: c, w: w, r: r, language: c.language(r), page: wantsPage(r.Header)}
	e.back = e.cameFrom()
	w.Header().Add("Vary", "Accept, Accept-Language")
	if c.crossOrigin().Check(r) != nil {
		e.refuse(http.StatusForbidden, "other_site")
		return nil, false
	}
	var signedIn bool
	if e.session, signedIn = c.Session(r); !signedIn {
		e.refuse(http.StatusUnauthorized, "PS401")
		return nil, false
	}
	body, ok := e.readBody()
	if !ok {
		return nil, false
	}
	e.original = original{r.Method, r.Header.Get("Content-Type"), body}
	if err := e.readAnswer(); err != nil {
		e.refuse(http.StatusBadRequest, "PS107")
		return nil, false
	}
	if !e.carried && int64(len(body)) > c.maxBytes() || int64(len(e.original.body)) > c.maxBytes() {
		e.refuse(http.StatusRequestEntityTooLarge, "too_large")
		return nil, false
	}
	return e, true
}

// readBody reads the whole body. A page carries the original body, so an answer may be longer than other requests.
func (e *exchange) readBody() (body []byte, ok bool) {
	limit := e.maxBytes()
	if isForm(e.r.Header) {
		limit = 2*limit + answerBytes
	}
	if e.r.ContentLength > limit {
		e.refuse(http.StatusRequestEntityTooLarge, "too_large")
		return nil, false
	}
	control := http.NewResponseController(e.w)
	// A ResponseWriter without deadlines leaves them to the server.
	limited := control.SetReadDeadline(time.Now().Add(e.timeout())) == nil
	body, err := io.ReadAll(http.MaxBytesReader(e.w, e.r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		if limited { // the server would end the request's context when the deadline passes
			_ = control.SetReadDeadline(time.Time{})
		}
	case errors.As(err, &tooLarge):
		e.refuse(http.StatusRequestEntityTooLarge, "too_large")
		return nil, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.w.Header().Set("Connection", "close")
		e.refuse(http.StatusRequestTimeout, "too_slow")
		return nil, false
	default:
		e.w.Header().Set("Connection", "close")
		e.refuse(http.StatusBadRequest, words.Other)
		return nil, false
	}
	switch {
	case len(body) > 0:
		return body, true
	case isForm(e.r.Header): // a middleware may have parsed the form and consumed the body
		return []byte(e.r.PostForm.Encode()), true
	case e.r.MultipartForm == nil:
		return body, true
	}
	e.fail(errors.New("checkpointhttp: another middleware has read the body; put it behind this one"))
	return nil, false
}

// readAnswer finds out whether the request comes from a page of this package, or from the element. If so, the original
// is what it carried. The element sends a form with a ticket, after it has sent the answer.
func (e *exchange) readAnswer() error {
	if e.r.Method != http.MethodPost || !isForm(e.r.Header) || !bytes.Contains(e.original.body, []byte("postern_")) {
		return nil
	}
	form, err := url.ParseQuery(string(e.original.body))
	if err != nil || !form.Has(fieldChallenge) && !form.Has(fieldTicket) {
		return nil // work reads the same body, and may judge otherwise
	}
	carried := original{method: form.Get(fieldMethod)}
	switch carried.method {
	case http.MethodGet:
	case http.MethodPost:
		carried.contentType = form.Get(fieldContentType)
	default:
		return errors.New("no page carries such a method")
	}
	if carried.body, err = base64.RawURLEncoding.DecodeString(form.Get(fieldBody)); err != nil {
		return err
	}
	if !carried.canCarry() {
		return errors.New("no page carries such a request")
	}
	e.original, e.carried = carried, true
	if form.Has(fieldBack) {
		e.back = pathOnly(form.Get(fieldBack))
	}
	if !form.Has(fieldChallenge) {
		e.ticket = form.Get(fieldTicket)
		return nil
	}
	e.answer = &answer{
		Answer: postern.Answer{
			Username: form.Get(fieldUsername),
			Response: form.Get(fieldPIN),
			Comment:  comment(form),
			Scheme:   form.Get(fieldScheme),
		},
		challenge: form.Get(fieldChallenge),
		cancels:   form.Get(fieldChoice) == "cancel",
	}
	return nil
}

// comment undoes what browsers do to the line ends of a textarea.
func comment(form url.Values) string {
	return strings.ReplaceAll(form.Get(fieldComment), "\r\n", "\n")
}

// request returns the original request for one run of work.
func (e *exchange) request(ctx context.Context) *http.Request {
	r := e.r.Clone(ctx)
	r.Method = e.original.method
	r.Body = io.NopCloser(bytes.NewReader(e.original.body))
	r.ContentLength = int64(len(e.original.body))
	r.TransferEncoding = nil
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil // another middleware may have parsed the PIN into them
	if e.carried {
		r.Header.Del("Content-Type")
		if e.original.contentType != "" {
			r.Header.Set("Content-Type", e.original.contentType)
		}
		r.Header.Set("Content-Length", strconv.Itoa(len(e.original.body)))
	}
	return r
}

func isForm(header http.Header) bool { return mediaType(header.Get("Content-Type")) == formType }

func mediaType(contentType string) string {
	parsed, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return parsed
}

// isFormType reports whether a browser sends forms with this type.
func isFormType(contentType string) bool {
	return slices.Contains([]string{formType, multipartType, "text/plain"}, mediaType(contentType))
}

// canCarry reports whether a page can send the original again.
func (o original) canCarry() bool {
	switch o.method {
	case http.MethodGet, http.MethodHead:
		return len(o.body) == 0
	case http.MethodPost:
		return isFormType(o.contentType)
	default:
		return false
	}
}

// tooFast limits the answers of each user in this process. The database limits the wrong ones.
func (e *exchange) tooFast() bool {
	after, ok := e.answers.allow(e.session.UserID(), time.Now())
	if ok {
		return false
	}
	e.retryAfter(after)
	e.refuseWaiting(http.StatusTooManyRequests, "too_fast", after)
	return true
}
