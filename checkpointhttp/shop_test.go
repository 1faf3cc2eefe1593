package checkpointhttp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/checkpointhttp"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testbuffer"
	"github.com/posternsql/postern/internal/testdb"
)

const (
	pinOfAlice = "482913"
	pinOfBob   = "615204"
	typo       = "482931"
)

// shop is an application that pays, served to browsers and to programs. The cookie user says who has signed in.
type shop struct {
	*testdb.Database
	*httptest.Server
	checkpoints *checkpointhttp.Checkpoints
	signer      postern.Signer
	log         *testbuffer.Buffer
	mux         *http.ServeMux
}

func openShop(t *testing.T) *shop {
	t.Helper()
	t.Parallel()
	s := &shop{Database: testdb.New(t), log: &testbuffer.Buffer{}, mux: http.NewServeMux()}
	application := s.Login(t, "postern_app")
	key := make([]byte, 32)
	rand.Read(key)
	admin := db.New(s.Pool)
	for _, err := range []error{
		admin.CreateSessionKey(t.Context(), "test", key),
		admin.RegisterGate(t.Context(), db.RegisterGateParams{
			GateID: "SINWOF_PAY", Description: "Pay a supplier", Message: "&AMOUNT paid to &PAYEE", Parameters: []string{"AMOUNT", "PAYEE"}, Active: true,
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.exec(t, "create table public.payment (payee text, amount numeric, constraint positive check (amount > 0)); grant insert, select on public.payment to "+pgx.Identifier{application.Name}.Sanitize())
	var err error
	if s.signer, err = postern.NewSigner("test", key, s.Name); err != nil {
		t.Fatal(err)
	}
	s.checkpoints = &checkpointhttp.Checkpoints{
		Pool: application.Pool,
		Session: func(r *http.Request) (postern.Session, bool) {
			cookie, err := r.Cookie("user")
			if err != nil {
				return postern.Session{}, false
			}
			return postern.TokenSession(s.signer, cookie.Value), true
		},
		Log: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	s.addUser(t, "ALICE", pinOfAlice)
	s.mux.Handle("/checkpoint/", s.checkpoints)
	s.mux.Handle("POST /pay", s.checkpoints.Handler(s.pay))
	s.mux.HandleFunc("GET /{$}", servePage)
	s.mux.HandleFunc("GET /shop.js", serveShopScript)
	s.Server = httptest.NewServer(s.mux)
	t.Cleanup(s.Server.Close)
	return s
}

func (s *shop) addUser(t *testing.T, userid, pin string) {
	t.Helper()
	const first = "739146"
	admin := db.New(s.Pool)
	if err := admin.CreateUser(t.Context(), userid, userid, nil); err != nil {
		t.Fatal(err)
	}
	if err := admin.ResetPIN(t.Context(), userid, first); err != nil {
		t.Fatal(err)
	}
	prompt := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: first}, required.Rejected
	}
	if err := postern.ChangePIN(t.Context(), s.checkpoints.Pool, postern.TokenSession(s.signer, userid), prompt, pin); err != nil {
		t.Fatal(err)
	}
}

// pay is the business function.
func (s *shop) pay(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
	payee, amount := r.PostFormValue("payee"), r.PostFormValue("amount")
	if payee == "" {
		http.Error(w, "Whom?", http.StatusUnprocessableEntity)
		return fmt.Errorf("no payee")
	}
	if _, err := tx.Exec(r.Context(), "insert into public.payment values ($1, $2::text::numeric)", payee, amount); err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	if err := reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": payee, "AMOUNT": amount}); err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	w.Header().Set("X-Paid", amount)
	w.WriteHeader(http.StatusCreated)
	_, err := fmt.Fprintf(w, "paid %s to %s", amount, payee)
	return err
}

func reach(ctx context.Context, tx pgx.Tx, gate string, parameters map[string]string) error {
	text, err := json.Marshal(parameters)
	if err != nil {
		return err
	}
	return db.New(tx).Checkpoint(ctx, gate, text)
}

func (s *shop) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.Pool.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// want checks the database: the payments, and the log by outcome.
func (s *shop) want(t *testing.T, payments, outcomes string) {
	t.Helper()
	var gotPayments, gotOutcomes string
	err := s.Pool.QueryRow(t.Context(), `
select (select coalesce(string_agg(p.payee || ' ' || p.amount, ', ' order by p.payee, p.amount), '') from public.payment as p),
       (select coalesce(string_agg(l.outcome, ' ' order by l.log_id), '') from postern.checkpoint_log as l where l.gate_id not like 'POSTERN%')`).
		Scan(&gotPayments, &gotOutcomes)
	if err != nil {
		t.Fatal(err)
	}
	if gotPayments != payments || gotOutcomes != outcomes {
		t.Errorf("got the payments %q and the log %q, want %q and %q", gotPayments, gotOutcomes, payments, outcomes)
	}
}

// client sends requests as a browser or as a program.
type client struct {
	t      *testing.T
	shop   *shop
	user   string
	header http.Header
}

// browser sends what a browser sends when somebody submits a form on the application's own page.
func (s *shop) browser(t *testing.T, user string) *client {
	return &client{t, s, user, http.Header{
		"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en-GB,en;q=0.5"},
		"Sec-Fetch-Site":  {"same-origin"},
		"Origin":          {s.Server.URL},
	}}
}

// program sends no headers of a browser.
func (s *shop) program(t *testing.T, user string) *client {
	return &client{t, s, user, http.Header{"Accept": {"application/json"}}}
}

func (c *client) with(name, value string) *client {
	changed := *c
	changed.header = c.header.Clone()
	if value == "" {
		changed.header.Del(name)
	} else {
		changed.header.Set(name, value)
	}
	return &changed
}

// reply is a response that was read.
type reply struct {
	*http.Response
	body string
}

func (c *client) send(method, path, contentType string, body io.Reader) reply {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.shop.Server.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header = c.header.Clone()
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.user != "" {
		request.AddCookie(&http.Cookie{Name: "user", Value: c.user})
	}
	response, err := c.shop.Client().Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{response, string(text)}
}

func (c *client) get(path string) reply { c.t.Helper(); return c.send("GET", path, "", nil) }

func (c *client) post(path string, form url.Values) reply {
	c.t.Helper()
	return c.send("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (c *client) postJSON(path string, body any) reply {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.send("POST", path, "application/json", bytes.NewReader(text))
}

func (c *client) pay(payee, amount string) reply {
	c.t.Helper()
	return c.post("/pay", payment(payee, amount))
}

func payment(payee, amount string) url.Values {
	return url.Values{"payee": {payee}, "amount": {amount}}
}

// problem is a refusal that was read.
type problem struct {
	Type, Detail, Code, Reason string
	Status                     int
	RetryAt                    *string `json:"retry_at"`
	Gate, Message, Challenge   string
	Description                string
	Username                   *string
	Schemes                    []string
	CommentRequired            bool `json:"comment_required"`
	ExpiresIn                  int  `json:"expires_in"`
	Shown                      struct{ Description, Message string }
	Parameters                 map[string]any
	Rejected                   *problem
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	p := problem{}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("got %d, %s: %s", r.StatusCode, got, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != r.StatusCode {
		t.Errorf("the problem says %d, the status is %d", p.Status, r.StatusCode)
	}
	return p
}

// want checks status and text of a reply.
func (r reply) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("got status %d, want %d: %s", r.StatusCode, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(r.text(t), text) {
			t.Errorf("the reply lacks %q: %s", text, r.body)
		}
	}
}

// text is what a person reads of a page; of other replies the body.
func (r reply) text(t *testing.T) string {
	t.Helper()
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		return r.body
	}
	text := strings.Builder{}
	for node := range r.document(t).Descendants() {
		if node.Type == html.TextNode {
			text.WriteString(node.Data)
		}
	}
	return text.String()
}

func (r reply) document(t *testing.T) *html.Node {
	t.Helper()
	document, err := html.Parse(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// form reads the fields of the only form of a page, with the line ends that a browser sends.
func (r reply) form(t *testing.T) url.Values {
	t.Helper()
	values := url.Values{}
	forms := 0
	for node := range r.document(t).Descendants() {
		switch {
		case node.Data == "form":
			forms++
			if action := attribute(node, "action"); action != "" {
				t.Errorf("the form goes to %q", action)
			}
		case node.Data == "input":
			values.Add(attribute(node, "name"), crlf(attribute(node, "value")))
		case node.Data == "textarea":
			text := ""
			if node.FirstChild != nil {
				text = node.FirstChild.Data
			}
			values.Add(attribute(node, "name"), crlf(text))
		case node.Data == "select":
			values.Add(attribute(node, "name"), attribute(node.FirstChild, "value"))
		}
	}
	if forms != 1 {
		t.Fatalf("there are %d forms: %s", forms, r.body)
	}
	return values
}

var lineEnd = regexp.MustCompile(`\r\n|\r|\n`)

func crlf(text string) string { return lineEnd.ReplaceAllString(text, "\r\n") }

func attribute(node *html.Node, name string) string {
	for _, attribute := range node.Attr {
		if attribute.Key == name {
			return attribute.Val
		}
	}
	return ""
}

// answered is the form of a page, filled in.
func (r reply) answered(t *testing.T, pin, comment string) url.Values {
	t.Helper()
	form := r.form(t)
	form.Set("postern_pin", pin)
	form.Set("postern_comment", comment)
	form.Set("postern_choice", "ok")
	return form
}

func set(form url.Values, name, value string) url.Values {
	form.Set(name, value)
	return form
}
