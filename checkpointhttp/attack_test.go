package checkpointhttp_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	texttemplate "text/template"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/net/html"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/checkpointhttp"
)

// naive returns a copy of the shop's checkpoints, to be weakened.
func (s *shop) naive() *checkpointhttp.Checkpoints {
	return &checkpointhttp.Checkpoints{Pool: s.checkpoints.Pool, Session: s.checkpoints.Session, Log: s.checkpoints.Log}
}

// planted are the headers of requests that another site makes a browser send.
func planted(c *client) map[string]*client {
	return map[string]*client{
		"cross-site":      c.with("Sec-Fetch-Site", "cross-site").with("Origin", "https://evil.example"),
		"other subdomain": c.with("Sec-Fetch-Site", "same-site").with("Origin", "http://evil.127.0.0.1"),
		"sandboxed frame": c.with("Sec-Fetch-Site", "cross-site").with("Origin", "null"),
		"old browser":     c.with("Sec-Fetch-Site", "").with("Origin", "https://evil.example"),
		"old and opaque":  c.with("Sec-Fetch-Site", "").with("Origin", "null"),
	}
}

func TestPlantedFormOpensNoDialog(t *testing.T) {
	s := openShop(t)
	runs := atomic.Int32{}
	counted := func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		runs.Add(1)
		return s.pay(w, r, tx)
	}
	naive := s.naive()
	naive.CrossOrigin = http.NewCrossOriginProtection()
	naive.CrossOrigin.AddInsecureBypassPattern("/")
	s.mux.Handle("POST /naive", naive.Handler(counted))
	s.mux.Handle("POST /counted", s.checkpoints.Handler(counted))
	alice := s.browser(t, "ALICE")
	for name, victim := range planted(alice) {
		runs.Store(0)
		victim.post("/naive", payment("MALLORY", "1")).want(t, http.StatusUnauthorized, "1 paid to MALLORY")
		if runs.Load() == 0 {
			t.Errorf("%s: the attack does not work on the naive version", name)
		}
		runs.Store(0)
		refused := victim.post("/counted", payment("MALLORY", "1"))
		refused.want(t, http.StatusForbidden, "Another site sent you here.")
		if runs.Load() != 0 || strings.Contains(refused.body, "MALLORY") {
			t.Errorf("%s: work ran %d times: %s", name, runs.Load(), refused.body)
		}
	}
	// A planted answer needs a PIN, and is refused even with the right one. So are the endpoints.
	form := alice.pay("ACME", "5").answered(t, pinOfAlice, "")
	challenge := s.program(t, "ALICE").pay("ACME", "5").problem(t).Challenge
	for name, victim := range planted(alice) {
		victim.post("/pay", form).want(t, http.StatusForbidden)
		for _, path := range []string{"/checkpoint/answer", "/checkpoint/cancel", "/checkpoint/pin"} {
			got := victim.postJSON(path, map[string]string{"challenge": challenge, "username": "ALICE", "response": pinOfAlice, "new_pin": "205861"})
			if got.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s gives %d: %s", name, path, got.StatusCode, got.body)
			}
		}
	}
	s.want(t, "", "")
}

// A link in a mail or on another site leads to a page that asks for a PIN.
func TestPlantedLinkOpensNoDialog(t *testing.T) {
	s := openShop(t)
	show := func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		return reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": r.FormValue("payee"), "AMOUNT": "1"})
	}
	naive := s.naive()
	naive.CrossOrigin = http.NewCrossOriginProtection()
	naive.CrossOrigin.AddInsecureBypassPattern("/")
	s.mux.Handle("/naive", naive.Handler(show))
	s.mux.Handle("/show", s.checkpoints.Handler(show))
	alice := s.browser(t, "ALICE").with("Origin", "") // browsers send no Origin with a link
	victim := alice.with("Sec-Fetch-Site", "cross-site")
	victim.get("/naive?payee=MALLORY").want(t, http.StatusUnauthorized, "1 paid to MALLORY")
	victim.get("/show?payee=MALLORY").want(t, http.StatusForbidden, "Another site sent you here.")
	alice.get("/show?payee=ACME").want(t, http.StatusUnauthorized, "1 paid to ACME")
	alice.with("Sec-Fetch-Site", "none").get("/show?payee=ACME").want(t, http.StatusUnauthorized, "1 paid to ACME")
}

// isExposed says what a page allows that a page with a PIN must not.
func isExposed(header http.Header) (exposed []string) {
	policy := header.Get("Content-Security-Policy")
	for what, is := range map[string]bool{
		"frames":          !strings.Contains(policy, "frame-ancestors 'none'") || header.Get("X-Frame-Options") != "DENY",
		"scripts":         !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe"),
		"other forms":     !strings.Contains(policy, "form-action 'self'") || !strings.Contains(policy, "base-uri 'none'"),
		"caches":          header.Get("Cache-Control") != "no-store",
		"other windows":   header.Get("Cross-Origin-Opener-Policy") != "same-origin",
		"referrers":       header.Get("Referrer-Policy") != "same-origin",
		"content guessed": header.Get("X-Content-Type-Options") != "nosniff",
	} {
		if is {
			exposed = append(exposed, what)
		}
	}
	return exposed
}

func TestEveryResponseOfOursIsKeptToItself(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("GET /naive", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<form>") })
	alice, program := s.browser(t, "ALICE"), s.program(t, "ALICE")
	if got := isExposed(alice.get("/naive").Header); len(got) != 7 {
		t.Errorf("a naive page allows only %v", got)
	}
	page := alice.pay("ACME", "5")
	question := program.pay("ACME", "5")
	for name, got := range map[string]reply{
		"page":       page,
		"rejected":   alice.post("/pay", page.answered(t, typo, "")),
		"end":        alice.post("/pay", set(page.answered(t, "", ""), "postern_choice", "cancel")),
		"pin":        alice.get("/checkpoint/pin"),
		"refused":    s.browser(t, "").pay("ACME", "5"),
		"question":   question,
		"ticket":     program.postJSON("/checkpoint/answer", map[string]string{"challenge": question.problem(t).Challenge, "username": "ALICE", "response": pinOfAlice}),
		"cancelled":  program.postJSON("/checkpoint/cancel", map[string]string{"challenge": question.problem(t).Challenge}),
		"other site": alice.with("Sec-Fetch-Site", "cross-site").pay("ACME", "5"),
	} {
		if exposed := isExposed(got.Header); exposed != nil {
			t.Errorf("%s (%d) allows %v", name, got.StatusCode, exposed)
		}
		for node := range got.document(t).Descendants() {
			if node.Data == "script" || node.Data == "style" || attribute(node, "style") != "" || attribute(node, "onclick") != "" {
				t.Errorf("%s has inline %s", name, node.Data)
			}
		}
	}
}

// What was approved is what is paid, whichever way the client sends it again.
func TestApprovalPaysNothingElse(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("POST /naive", func(w http.ResponseWriter, r *http.Request) { // trusts any accepted ticket
		session, _ := s.checkpoints.Session(r)
		err := postern.Do(r.Context(), s.checkpoints.Pool, session, nil, func(tx pgx.Tx) error {
			var status string
			if err := tx.QueryRow(r.Context(), "select postern.ticket_status($1::text::uuid)", r.Header.Get("Postern-Ticket")).Scan(&status); err != nil || status != "accepted" {
				return fmt.Errorf("%s, %w", status, err)
			}
			_, err := tx.Exec(r.Context(), "insert into public.payment values ($1, $2::text::numeric)", r.PostFormValue("payee"), r.PostFormValue("amount"))
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	program, alice := s.program(t, "ALICE"), s.browser(t, "ALICE")
	ticket := program.answer(program.pay("ACME", "5").problem(t).Challenge, pinOfAlice)
	program.with("Postern-Ticket", ticket).post("/naive", payment("MALLORY", "5")).want(t, http.StatusOK)
	s.want(t, "MALLORY 5", "")
	s.exec(t, "truncate public.payment")

	for _, other := range []url.Values{payment("MALLORY", "5"), payment("ACME", "50")} {
		refused := program.with("Postern-Ticket", ticket).post("/pay", other)
		refused.want(t, http.StatusUnauthorized)
		if p := refused.problem(t); p.Rejected.Code != "PS103" || p.Rejected.Reason != "changed" || !strings.Contains(p.Message, other.Get("payee")) {
			t.Errorf("got %+v", p)
		}
		form := alice.pay("ACME", "5").answered(t, pinOfAlice, "")
		form.Set("postern_body", base64.RawURLEncoding.EncodeToString([]byte(other.Encode())))
		alice.post("/pay", form).want(t, http.StatusUnauthorized, "Something has changed since you were asked.", other.Get("payee"))
	}
	s.want(t, "", "")
	program.with("Postern-Ticket", ticket).pay("ACME", "5.00").want(t, http.StatusUnauthorized) // text is bound as text
	program.with("Postern-Ticket", ticket).pay("ACME", "5").want(t, http.StatusCreated)
	s.want(t, "ACME 5", "passed")
}

func TestTicketAndChallengeOfAnotherUserOpenNothing(t *testing.T) {
	s := openShop(t)
	s.addUser(t, "BOB", pinOfBob)
	alice, bob := s.program(t, "ALICE"), s.program(t, "BOB")
	naive := s.naive()
	naive.Session = func(r *http.Request) (postern.Session, bool) { // believes the request
		return postern.TokenSession(s.signer, r.FormValue("as")), true
	}
	s.mux.Handle("POST /naive", naive.Handler(s.pay))
	challenge := alice.pay("ACME", "5").problem(t).Challenge
	ticket := alice.answer(challenge, pinOfAlice)
	bob.with("Postern-Ticket", ticket).post("/naive?as=ALICE", payment("ACME", "5")).want(t, http.StatusCreated)
	s.exec(t, "truncate public.payment")

	challenge = alice.pay("ACME", "5").problem(t).Challenge
	for name, answer := range map[string]map[string]string{
		"as Alice": {"challenge": challenge, "username": "ALICE", "response": pinOfAlice},
		"as Bob":   {"challenge": challenge, "username": "BOB", "response": pinOfBob},
	} {
		if p := bob.postJSON("/checkpoint/answer", answer).problem(t); p.Code != "PS103" || p.Reason != "other_user" {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	form := s.browser(t, "ALICE").pay("ACME", "5").answered(t, pinOfAlice, "")
	s.browser(t, "BOB").post("/pay", form).want(t, http.StatusConflict, "Somebody else was asked for this approval.")
	ticket = alice.answer(challenge, pinOfAlice)
	if p := bob.with("Postern-Ticket", ticket).pay("ACME", "5").problem(t); p.Reason != "other_user" || p.Challenge != "" {
		t.Errorf("got %+v", p)
	}
	s.want(t, "", "passed")
}

func TestDoubleClickPaysOnce(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("POST /naive", func(_ http.ResponseWriter, r *http.Request) { // takes the PIN for approval enough
		_, _ = s.Pool.Exec(r.Context(), "insert into public.payment values ($1, $2::text::numeric)", r.PostFormValue("payee"), r.PostFormValue("amount"))
	})
	alice := s.browser(t, "ALICE")
	click := func(path string, form url.Values) (statuses map[int]int) {
		statuses = map[int]int{}
		var mutex sync.Mutex
		var clicks sync.WaitGroup
		for range 4 {
			clicks.Go(func() {
				got := alice.post(path, form)
				mutex.Lock()
				defer mutex.Unlock()
				statuses[got.StatusCode]++
			})
		}
		clicks.Wait()
		return statuses
	}
	click("/naive", payment("ACME", "5"))
	s.want(t, "ACME 5, ACME 5, ACME 5, ACME 5", "")
	s.exec(t, "truncate public.payment")
	form := alice.pay("ACME", "5").answered(t, pinOfAlice, "")
	if got := click("/pay", form); got[http.StatusCreated] != 1 || got[http.StatusConflict] != 3 {
		t.Errorf("the clicks give %v", got)
	}
	alice.post("/pay", form).want(t, http.StatusConflict, "This question has been answered already.") // a reload
	s.want(t, "ACME 5", "passed")
}

// The payee is what somebody else has typed: it ends up in the message that a person reads before they enter a PIN.
func TestMessageCannotWritePageOrHeaders(t *testing.T) {
	s := openShop(t)
	const planted = "ACME</bdi><script>alert(1)</script>\"><form action=https://evil.example><input name=postern_pin>\u202e001 \u2066\u200b"
	naive := texttemplate.Must(texttemplate.New("").Parse("<html><body><p>{{.}}</p></body></html>"))
	text := bytes.Buffer{}
	if err := naive.Execute(&text, planted); err != nil {
		t.Fatal(err)
	}
	count := func(page string) (scripts, forms, inputs int) {
		document, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for node := range document.Descendants() {
			switch {
			case node.Type != html.ElementNode:
			case node.Data == "script":
				scripts++
			case node.Data == "form":
				forms++
			case node.Data == "input" && attribute(node, "name") == "postern_pin":
				inputs++
			}
		}
		return scripts, forms, inputs
	}
	if scripts, forms, inputs := count(text.String()); scripts != 1 || forms != 1 || inputs != 1 {
		t.Fatalf("the naive page has %d, %d, %d", scripts, forms, inputs)
	}
	s.exec(t, "alter table public.payment drop constraint positive")
	page := s.browser(t, "ALICE").pay(planted, "5")
	if scripts, forms, inputs := count(page.body); scripts != 0 || forms != 1 || inputs != 1 {
		t.Errorf("the page has %d scripts, %d forms and %d inputs: %s", scripts, forms, inputs, page.body)
	}
	page.want(t, http.StatusUnauthorized, `5 paid to ACME</bdi><script>alert(1)</script>"><form action=https://evil.example><input name=postern_pin>\u202e001 \u2066\u200b`)
	if strings.ContainsAny(page.body, "\u202e\u2066\u200b") {
		t.Error("the page changes the direction of writing")
	}
	lines := s.program(t, "ALICE").pay("ACME\r\nSet-Cookie: user=MALLORY", "5")
	if lines.Header.Get("Set-Cookie") != "" || !strings.Contains(lines.problem(t).Message, "Set-Cookie") {
		t.Errorf("got headers %v", lines.Header)
	}
}

// Code before the gate, such as a trigger, can raise PS101 with any DETAIL.
func TestForgedSchemesCannotWriteTheHeader(t *testing.T) {
	s := openShop(t)
	const planted = `x", error="none", realm="evil`
	if naive := fmt.Sprintf(`Postern acr_values="%s"`, planted); !strings.Contains(naive, `realm="evil"`) {
		t.Fatal("the attack does not work on the naive version")
	}
	s.exec(t, `
create function public.forge() returns trigger language plpgsql as $$
declare detail text;
begin
  perform postern.checkpoint('SINWOF_PAY', '{"PAYEE": "ACME", "AMOUNT": 1}');
  return new;
exception when sqlstate 'PS101' then
  get stacked diagnostics detail = pg_exception_detail;
  raise exception using errcode = 'PS101', message = 'forged',
    detail = (detail::jsonb || jsonb_build_object('message', 'Nothing', 'description', '<b>', 'schemes', array['PIN', E'x", error="none", realm="evil', E'a\r\nb']))::text;
end $$;
create trigger forge before insert on public.payment for each row execute function public.forge()`)
	got := s.program(t, "ALICE").pay("MALLORY", "1000")
	got.want(t, http.StatusUnauthorized)
	if header := got.Header.Get("WWW-Authenticate"); !strings.HasSuffix(header, `acr_values="PIN"`) {
		t.Errorf("got WWW-Authenticate: %s", header)
	}
	if p := got.problem(t); p.Message != "1 paid to ACME" || p.Description != "Pay a supplier" {
		t.Errorf("the forged DETAIL is shown: %+v", p)
	}
}

func TestPINIsNeitherLoggedNorInURLs(t *testing.T) {
	s := openShop(t)
	naive := &bytes.Buffer{}
	s.mux.HandleFunc("POST /naive", func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		slog.New(slog.NewTextHandler(naive, nil)).Error("failed", "form", r.PostForm)
	})
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "5")
	alice.post("/naive", page.answered(t, pinOfAlice, ""))
	if !strings.Contains(naive.String(), pinOfAlice) {
		t.Fatal("the naive version logs no PIN")
	}
	for node := range page.document(t).Descendants() {
		if node.Data == "form" && attribute(node, "method") != "post" {
			t.Errorf("the form is sent with %q", attribute(node, "method"))
		}
	}
	// A URL with the fields is no answer.
	form := page.answered(t, pinOfAlice, "")
	alice.post("/pay?"+form.Encode(), payment("ACME", "5")).want(t, http.StatusUnauthorized, "5 paid to ACME")
	s.want(t, "", "")

	var replies []reply
	for _, pin := range []string{pinOfAlice + "\x00", pinOfAlice + "\xff", "x" + pinOfAlice} {
		replies = append(replies, alice.post("/pay", page.answered(t, pin, "")))
		replies = append(replies, s.program(t, "ALICE").postJSON("/checkpoint/pin", map[string]string{"response": pin, "new_pin": pin}))
	}
	s.exec(t, "alter function postern.authenticate(text, text, text, text, text) rename to authenticate_away")
	replies = append(replies, alice.post("/pay", page.answered(t, pinOfAlice, "")))
	for _, reply := range replies {
		if strings.Contains(reply.body, pinOfAlice) || strings.Contains(fmt.Sprint(reply.Header), pinOfAlice) {
			t.Errorf("%d shows the PIN: %s", reply.StatusCode, reply.body)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "authenticate") || strings.Contains(log, pinOfAlice) {
		t.Errorf("the log has %s", log)
	}
}

// Work must not see the fields of the page, in the body or in what another middleware has parsed.
func TestWorkNeverSeesThePIN(t *testing.T) {
	s := openShop(t)
	var seen strings.Builder
	look := func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		fmt.Fprintln(&seen, r.Form, r.PostForm, r.MultipartForm)
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(&seen, "%s %v %d\n", body, r.Header, r.ContentLength)
		if tx == nil { // the naive version
			return err
		}
		return errors.Join(err, reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "1"}))
	}
	s.mux.HandleFunc("POST /naive", func(w http.ResponseWriter, r *http.Request) { _ = look(w, r, nil) })
	s.mux.Handle("POST /look", s.checkpoints.Handler(look))
	s.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mux.ServeHTTP(w, r)
	})
	alice := s.browser(t, "ALICE")
	form := alice.post("/look", payment("ACME", "5")).answered(t, pinOfAlice, "")
	alice.post("/naive", form)
	if !strings.Contains(seen.String(), pinOfAlice) {
		t.Fatal("the naive version sees no PIN")
	}
	seen.Reset()
	alice.post("/look", form).want(t, http.StatusOK)
	if strings.Contains(seen.String(), pinOfAlice) || strings.Contains(seen.String(), "postern_") || !strings.Contains(seen.String(), "payee=ACME") {
		t.Errorf("work sees %s", seen.String())
	}
}

// No part of a request becomes an address to which a person is sent.
func TestPageLinksNowhereElse(t *testing.T) {
	s := openShop(t)
	s.mux.Handle("POST /x/{rest...}", s.checkpoints.Handler(s.pay))
	alice := s.browser(t, "ALICE").with("Referer", "https://evil.example/")
	page := alice.post("/x/evil.example?next=https://evil.example", payment("ACME", "5"))
	page.want(t, http.StatusUnauthorized)
	form := page.answered(t, "", "")
	for _, name := range []string{"next", "postern_back", "postern_home", "postern_path"} {
		form.Set(name, "https://evil.example")
	}
	for _, got := range []reply{page, alice.post("/pay?next=https://evil.example", set(form, "postern_choice", "cancel"))} {
		if got.Header.Get("Location") != "" {
			t.Errorf("it redirects to %s", got.Header.Get("Location"))
		}
		for node := range got.document(t).Descendants() {
			for _, name := range []string{"href", "action", "formaction", "src"} {
				if address := attribute(node, name); strings.Contains(address, "evil") {
					t.Errorf("%s has %s=%s", node.Data, name, address)
				}
			}
		}
	}
}

// A page carries forms only: it must not send what no form of a browser could have sent.
func TestAnswerCarriesOnlyForms(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "5")
	for name, change := range map[string][2]string{
		"JSON":          {"postern_type", "application/json"},
		"no type":       {"postern_type", ""},
		"two types":     {"postern_type", "text/plain\r\nX: y"},
		"DELETE":        {"postern_method", "DELETE"},
		"no method":     {"postern_method", ""},
		"GET with body": {"postern_method", "GET"},
		"no base64":     {"postern_body", "a=b"},
	} {
		if got := alice.post("/pay", set(page.answered(t, pinOfAlice, ""), change[0], change[1])); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d: %s", name, got.StatusCode, got.body)
		}
	}
	s.want(t, "", "")
}

func TestSlowBodyHoldsNoConnection(t *testing.T) {
	s := openShop(t)
	entered := make(chan struct{}, 1)
	release := make(chan struct{})
	s.mux.HandleFunc("POST /naive", func(_ http.ResponseWriter, r *http.Request) { // begins first
		_ = pgx.BeginFunc(r.Context(), s.checkpoints.Pool.(*pgxpool.Pool), func(pgx.Tx) error {
			entered <- struct{}{}
			_, err := io.Copy(io.Discard, r.Body)
			<-release
			return err
		})
	})
	slow := s.naive()
	slow.Timeout = 300 * time.Millisecond
	session := slow.Session
	held := atomic.Int32{}
	slow.Session = func(r *http.Request) (postern.Session, bool) {
		r.Body = &watchedBody{r.Body, func() { held.Store(s.checkpoints.Pool.(*pgxpool.Pool).Stat().AcquiredConns()) }}
		return session(r)
	}
	s.mux.Handle("POST /slow", slow.Handler(s.pay))

	connection := s.dial(t, "/naive")
	<-entered
	if s.checkpoints.Pool.(*pgxpool.Pool).Stat().AcquiredConns() != 1 {
		t.Error("the naive version holds no connection")
	}
	close(release)
	connection.Close()
	for s.checkpoints.Pool.(*pgxpool.Pool).Stat().AcquiredConns() != 0 {
		time.Sleep(time.Millisecond)
	}
	held.Store(-1)
	response, err := http.ReadResponse(bufio.NewReader(s.dial(t, "/slow")), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestTimeout || !response.Close || held.Load() != 0 {
		t.Errorf("got %d, close %t, with %d connections held", response.StatusCode, response.Close, held.Load())
	}
}

// watchedBody calls watch before each read.
type watchedBody struct {
	io.ReadCloser
	watch func()
}

func (w *watchedBody) Read(into []byte) (int, error) {
	w.watch()
	return w.ReadCloser.Read(into)
}

// dial sends a request whose body does not arrive.
func (s *shop) dial(t *testing.T, path string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nCookie: user=ALICE\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\npayee=", path)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestHugeBodiesAreRefused(t *testing.T) {
	s := openShop(t)
	s.checkpoints.MaxBytes = 1000
	read := atomic.Int64{}
	s.mux.HandleFunc("POST /naive", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		read.Store(n)
	})
	s.mux.Handle("POST /long", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		_, _ = io.WriteString(w, strings.Repeat("x", 1001)) // without a look at the error
		return nil
	}))
	alice := s.browser(t, "ALICE")
	huge := strings.Repeat("x", 10<<20)
	alice.send("POST", "/naive", "text/plain", strings.NewReader(huge))
	if read.Load() != 10<<20 {
		t.Errorf("the naive version reads %d", read.Load())
	}
	const form = "application/x-www-form-urlencoded"
	chunked := func(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) } // without a length
	carried := alice.pay("ACME", "5").answered(t, pinOfAlice, "")
	carried.Set("postern_body", base64.RawURLEncoding.EncodeToString([]byte(huge[:1001])))
	for name, got := range map[string]reply{
		"form":           alice.send("POST", "/pay", form, strings.NewReader("payee="+huge[:1000])),
		"huge form":      alice.send("POST", "/pay", form, strings.NewReader("payee="+huge)),
		"chunked form":   alice.send("POST", "/pay", form, chunked("payee="+huge)),
		"JSON":           alice.send("POST", "/pay", "application/json", chunked(huge[:1001])),
		"answer":         alice.send("POST", "/checkpoint/answer", "application/json", chunked(huge)),
		"carried":        alice.post("/pay", carried),
		"huge challenge": alice.post("/pay", url.Values{"postern_challenge": {huge}}),
	} {
		if got.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: got %d: %.100s", name, got.StatusCode, got.body)
		}
	}
	got := alice.post("/long", nil)
	got.want(t, http.StatusInternalServerError)
	if !strings.Contains(s.log.String(), "the response is larger than MaxBytes") {
		t.Errorf("the log has %s", s.log)
	}
	s.want(t, "", "")
}

// A constraint that is checked at the commit must not come after "paid".
func TestResponseWaitsForTheCommit(t *testing.T) {
	s := openShop(t)
	s.exec(t, "drop table public.payment; create table public.payment (payee text, amount numeric, unique (payee) deferrable initially deferred); grant insert on public.payment to public; insert into public.payment values ('ACME', 1)")
	s.mux.HandleFunc("POST /naive", func(w http.ResponseWriter, r *http.Request) {
		_ = pgx.BeginFunc(r.Context(), s.checkpoints.Pool.(*pgxpool.Pool), func(tx pgx.Tx) error {
			_, err := tx.Exec(r.Context(), "insert into public.payment values ('ACME', 2)")
			_, _ = io.WriteString(w, "paid")
			return err
		})
	})
	s.mux.Handle("POST /panic", s.checkpoints.Handler(func(w http.ResponseWriter, _ *http.Request, tx pgx.Tx) error {
		_, _ = io.WriteString(w, "paid")
		panic(http.ErrAbortHandler)
	}))
	s.mux.Handle("POST /swallow", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		_ = s.pay(w, r, tx) // forgets the error
		_, err := io.WriteString(w, "paid")
		return err
	}))
	alice := s.browser(t, "ALICE")
	alice.post("/naive", nil).want(t, http.StatusOK, "paid")
	failed := alice.post("/pay", alice.pay("ACME", "5").answered(t, pinOfAlice, ""))
	failed.want(t, http.StatusInternalServerError, "That did not work.")
	if strings.Contains(failed.body, "paid 5") || failed.Header.Get("X-Paid") != "" || strings.Contains(failed.body, "payment_payee") {
		t.Errorf("the response says %s", failed.body)
	}
	alice.post("/swallow", payment("GLOBEX", "5")).want(t, http.StatusInternalServerError)
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.Server.URL+"/panic", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: "user", Value: "ALICE"})
	if response, err := s.Client().Do(request); err == nil {
		response.Body.Close()
		t.Errorf("after a panic the client gets %d", response.StatusCode)
	}
	s.want(t, "ACME 1", "")
	if held := s.checkpoints.Pool.(*pgxpool.Pool).Stat().AcquiredConns(); held != 0 {
		t.Errorf("%d connections are held", held)
	}
}

func TestAnswersTooFastAreRefused(t *testing.T) {
	s := openShop(t)
	s.addUser(t, "BOB", pinOfBob)
	program, alice := s.program(t, "ALICE"), s.browser(t, "ALICE")
	page := alice.pay("ACME", "5")
	s.checkpoints.Exhaust("ALICE")
	challenge := program.pay("ACME", "5").problem(t).Challenge
	for name, got := range map[string]reply{
		"page":   alice.post("/pay", page.answered(t, pinOfAlice, "")),
		"answer": program.postJSON("/checkpoint/answer", map[string]string{"challenge": challenge, "username": "ALICE", "response": pinOfAlice}),
		"pin":    program.postJSON("/checkpoint/pin", map[string]string{"response": pinOfAlice, "new_pin": "205861"}),
		"cancel": program.postJSON("/checkpoint/cancel", map[string]string{"challenge": challenge}),
	} {
		if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d: %s", name, got.StatusCode, got.body)
		}
	}
	s.want(t, "", "")
	bob := s.program(t, "BOB")
	bob.with("Postern-Ticket", bob.answer(bob.pay("ACME", "5").problem(t).Challenge, pinOfBob)).pay("ACME", "5").want(t, http.StatusCreated)
}
