package checkpointhttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

// given is the body of a request to an endpoint, as JSON or as the fields of a page.
type given struct {
	Challenge string `json:"challenge"`
	Username  string `json:"username"`
	Response  string `json:"response"`
	Comment   string `json:"comment"`
	Scheme    string `json:"scheme"`
	NewPIN    string `json:"new_pin"`

	newPINAgain string
}

func (g given) answer() postern.Answer {
	return postern.Answer{Username: g.Username, Response: g.Response, Comment: g.Comment, Scheme: g.Scheme}
}

// ServeHTTP serves what is below Path:
//
//   - GET element.js is the script of the element <postern-checkpoint>, and GET words are its labels;
//   - POST answer takes challenge, username, response, comment and scheme as JSON, and returns a ticket;
//   - GET passkey.js is the script that enrols passkeys, and POST passkey takes passkey_id, public_key and name as JSON;
//   - GET totp.js is the script that enrols authenticator apps, and GET totp is a page that does it. POST totp returns an
//     app's secret and its QR code, and POST totp-confirm confirms the app;
//   - POST cancel takes challenge and comment as JSON;
//   - GET pin is a page that changes a PIN; POST pin takes username, response, comment and new_pin as JSON.
func (c *Checkpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, found := strings.CutPrefix(r.URL.Path, c.path())
	if !found { // inside of http.StripPrefix
		name, found = strings.CutPrefix(requestPath(r), c.path())
	}
	methods, known := map[string]string{
		"element.js":   "GET, HEAD",
		"passkey.js":   "GET, HEAD",
		"passkey":      "POST",
		"totp.js":      "GET, HEAD",
		"totp":         "GET, HEAD, POST",
		"totp-confirm": "POST",
		"style.css":    "GET, HEAD",
		"words":        "GET, HEAD",
		"answer":       "POST",
		"cancel":       "POST",
		"pin":          "GET, HEAD, POST",
	}[path.Base("/"+name)]
	switch {
	case !found || !known || strings.Contains(name, "/"):
		http.NotFound(w, r)
		return
	case !strings.Contains(methods+",", r.Method+","):
		w.Header().Set("Allow", methods)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	case name == "element.js":
		serveFile(w, r, "text/javascript; charset=utf-8", elementScript)
		return
	case name == "passkey.js":
		serveFile(w, r, "text/javascript; charset=utf-8", passkeyScript)
		return
	case name == "passkey":
		c.Handler(addPasskey).ServeHTTP(w, r)
		return
	case name == "totp.js":
		serveFile(w, r, "text/javascript; charset=utf-8", totpScript)
		return
	case name == "totp" && r.Method == http.MethodPost:
		c.Handler(c.enrolTOTP).ServeHTTP(w, r)
		return
	case name == "totp-confirm":
		c.Handler(c.confirmTOTP).ServeHTTP(w, r)
		return
	case name == "style.css":
		serveFile(w, r, "text/css; charset=utf-8", style)
		return
	case name == "words":
		c.serveWords(w, r)
		return
	}
	e, ok := c.begin(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout())
	defer cancel()
	switch {
	case name == "totp":
		e.showTOTP()
		return
	case name == "pin" && r.Method != http.MethodPost:
		e.askForNewPIN(ctx, nil)
		return
	}
	g, ok := e.readGiven(name == "pin")
	if !ok || e.tooFast() {
		return
	}
	switch name {
	case "answer":
		ticket, err := postern.Authenticate(ctx, c.Pool, e.session, g.Challenge, g.answer())
		if err != nil {
			e.fail(err)
			return
		}
		e.sendJSON(http.StatusOK, jsonType, map[string]string{"ticket": ticket})
	case "cancel":
		e.finishCancel(postern.Cancel(ctx, c.Pool, e.session, g.Challenge, g.Comment))
	case "pin":
		e.changePIN(ctx, g)
	}
}

// addPasskey enrols a passkey of the user, whom a gate asks before. What is malformed is missing, and the database
// refuses it.
func addPasskey(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
	var given struct {
		PasskeyID string `json:"passkey_id"`
		PublicKey string `json:"public_key"`
		Name      string `json:"name"`
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return err
	}
	passkeyID, _ := base64.RawURLEncoding.DecodeString(given.PasskeyID)
	publicKey, _ := base64.RawURLEncoding.DecodeString(given.PublicKey)
	if err := db.New(tx).AddPasskey(r.Context(), passkeyID, publicKey, given.Name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// finishCancel ends a conversation after the refusal is in the log.
func (e *exchange) finishCancel(err error) {
	switch {
	case err != nil:
		e.fail(err)
	case e.page:
		e.showEnd(http.StatusOK, "dialog.title", e.language.Say([]string{"cancelled"}))
	default:
		e.noContent()
	}
}

// readGiven reads a body as JSON. Only the change of a PIN has a page of its own, with fields.
func (e *exchange) readGiven(asForm bool) (g given, ok bool) {
	body := e.original.body
	switch contentType := mediaType(e.r.Header.Get("Content-Type")); {
	case contentType == jsonType:
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&g); err != nil || decoder.More() {
			e.refuse(http.StatusBadRequest, "PS107")
			return given{}, false
		}
		g.newPINAgain = g.NewPIN
	case contentType == formType && asForm:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			e.refuse(http.StatusBadRequest, "PS107")
			return given{}, false
		}
		e.back = pathOnly(form.Get(fieldBack))
		g = given{
			Username: form.Get(fieldUsername), Response: form.Get(fieldPIN), Comment: comment(form), Scheme: form.Get(fieldScheme),
			NewPIN: form.Get(fieldNewPIN), newPINAgain: form.Get(fieldNewPINAgain),
		}
	default:
		e.refuse(http.StatusUnsupportedMediaType, "PS107")
		return given{}, false
	}
	return g, true
}

// changePIN changes the PIN of the user, who answers with the current one.
func (e *exchange) changePIN(ctx context.Context, g given) {
	e.answer = &answer{Answer: g.answer()}
	if g.NewPIN != g.newPINAgain {
		e.askForNewPIN(ctx, errPINsDiffer)
		return
	}
	once := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		return g.answer(), required.Rejected
	}
	err := postern.ChangePIN(ctx, e.Pool, e.session, once, g.NewPIN)
	switch {
	case err != nil && e.page && isMendable(err):
		e.askForNewPIN(ctx, err)
	case err != nil:
		e.fail(err)
	case e.page:
		e.showEnd(http.StatusOK, "dialog.change_pin", e.language.Say([]string{"pin_changed"}))
	default:
		e.noContent()
	}
}

var errPINsDiffer = errors.New("the two new PINs differ")

// isMendable reports whether the person can type something else.
func isMendable(err error) bool {
	var policy *postern.CredentialPolicy
	return asksAgain(err) || errors.As(err, &policy)
}

// pinGate is behind the change of a PIN, and cannot be switched off.
const pinGate = "POSTERN_PIN_CHANGE"

// askForNewPIN shows the page that changes a PIN. It reaches the gate to learn whether to fill in the user name and to
// require a comment.
func (e *exchange) askForNewPIN(ctx context.Context, rejected error) {
	err := postern.Do(ctx, e.Pool, e.session, nil, func(tx pgx.Tx) error {
		if err := db.New(tx).Checkpoint(ctx, pinGate, []byte("{}")); err != nil {
			return err
		}
		return errProbe
	})
	var required *postern.CheckpointRequired
	if !errors.As(err, &required) {
		e.fail(err)
		return
	}
	p := e.newPage("dialog.change_pin")
	p.Form, p.ChangesPIN, p.Heading = true, true, p.Title
	p.fill(e, required, rejected)
	p.Time = ""
	status := http.StatusOK
	switch {
	case errors.Is(rejected, errPINsDiffer):
		p.Refusal, status = e.language.Say([]string{"pins_differ"}), http.StatusUnprocessableEntity
	case rejected != nil:
		status = statusOf(rejected)
	}
	e.show(status, p)
}
