package checkpointhttp

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/printable"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page is what page.html shows: a question, the change of a PIN, or the end of a conversation.
type page struct {
	Language, Direction, Style, Title, Heading string
	// Refusal says why the previous answer was rejected; Message is what the log will say, or how it ended.
	Refusal, Message, Time string
	Home                   string
	Say                    func(key string) string

	Form            bool
	ChangesPIN      bool
	Hidden          []field
	Username        string
	Comment         string
	CommentRequired bool
	// Schemes are the ways to authenticate, with what people call them; ResponseLabel is what they ask for.
	Schemes       []field
	ResponseLabel string
	// PINPath is where a PIN is changed: an administrator may have chosen it, and then it opens no gate but that one.
	PINPath string

	// Next is where the only button leads. App is shown above it.
	Next string
	App  *authenticatorApp
}

type field struct{ Name, Value string }

func (e *exchange) newPage(titleKey string) page {
	say := func(key string) string { return e.language.Say([]string{key}) }
	return page{Language: e.language.Tag.String(), Direction: e.language.Direction(), Style: e.address(e.path() + "style.css"), Title: say(titleKey), Say: say, Home: e.home()}
}

// showQuestion shows the dialog. Others have written description and message, so invisible characters and those that
// change the direction of writing are shown as escapes. The template escapes HTML.
func (e *exchange) showQuestion(required *postern.CheckpointRequired) {
	p := e.newPage("dialog.title")
	p.Form = true
	p.Heading, p.Message = printable.Text(required.Description), printable.Text(required.Message)
	p.fill(e, required, required.Rejected)
	var denied *postern.Denied
	if errors.As(required.Rejected, &denied) && denied.Scheme == "PIN" { // whichever was wrong, so that the link says nothing
		p.PINPath = e.address(e.path() + "pin")
	}
	p.Hidden = append(p.Hidden, field{fieldChallenge, required.Challenge})
	if e.original.method == http.MethodPost {
		p.Hidden = append(p.Hidden, field{fieldMethod, http.MethodPost}, field{fieldContentType, e.original.contentType},
			field{fieldBody, base64.RawURLEncoding.EncodeToString(e.original.body)})
	} else {
		p.Hidden = append(p.Hidden, field{fieldMethod, http.MethodGet})
	}
	e.show(http.StatusUnauthorized, p)
}

// fill fills in what the person need not type. After a rejection, what was typed stays, except for PINs. A further
// question starts with nothing of the answer to the one before.
func (p *page) fill(e *exchange, required *postern.CheckpointRequired, rejected error) {
	if e.back != "" {
		p.Hidden = append(p.Hidden, field{fieldBack, e.back})
	}
	p.Username, p.CommentRequired = required.Username, required.CommentRequired
	for _, scheme := range required.Schemes {
		if scheme != "PASSKEY" { // which a page without a script cannot ask
			p.Schemes = append(p.Schemes, field{scheme, e.nameOf(scheme)})
		}
	}
	p.ResponseLabel = e.language.Say([]string{"dialog.response"})
	if len(p.Schemes) == 1 {
		p.ResponseLabel = p.Schemes[0].Value
		if len(required.Schemes) == 1 && p.Schemes[0].Name == "PIN" {
			p.Schemes = nil
		}
	}
	if e.answer != nil && rejected != nil {
		p.Comment = e.answer.Comment
		if e.answer.Username != "" {
			p.Username = e.answer.Username
		}
	}
	if rejected != nil {
		p.Refusal = e.explain(rejected)
	}
	if slices.Equal(required.Schemes, []string{"PASSKEY"}) {
		p.Form, p.Refusal = false, e.language.Say([]string{"needs_script"})
	}
	p.Time = e.language.Say([]string{"dialog.time"}, max(1, int(math.Floor(time.Until(required.ExpiresAt).Minutes()))))
}

// nameOf is what people call a scheme. Those that the database adds have no other name than their own.
func (e *exchange) nameOf(scheme string) string {
	if slices.Contains([]string{"PIN", "TOTP", "PASSKEY"}, scheme) {
		return e.language.Say([]string{"dialog." + scheme})
	}
	return printable.Text(scheme)
}

// showEnd shows a page after which there is nothing to do.
func (e *exchange) showEnd(status int, titleKey, message string) {
	p := e.newPage(titleKey)
	p.Heading, p.Message = p.Title, message
	e.show(status, p)
}

func (e *exchange) show(status int, p page) {
	text := bytes.Buffer{}
	if err := pageTemplate.Execute(&text, p); err != nil {
		e.log().ErrorContext(e.r.Context(), "checkpointhttp: write a page", "error", err)
		http.Error(e.w, "", http.StatusInternalServerError)
		return
	}
	e.secureHeaders("text/html; charset=utf-8")
	e.w.WriteHeader(status)
	_, _ = e.w.Write(text.Bytes()) // fails if the client has gone
}
