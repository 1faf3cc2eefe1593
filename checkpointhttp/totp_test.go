package checkpointhttp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"rsc.io/qr"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

const onlyTOTP = "select postern.set_gate_schemes('SINWOF_PAY', '{TOTP}')"

// withApps lets a shop accept the codes of authenticator apps.
func (s *shop) withApps(t *testing.T) {
	t.Helper()
	s.exec(t, "select postern.set_scheme_enabled('TOTP', true)")
	if err := db.New(s.Pool).SetSetting(t.Context(), "denials_per_hour", "1000"); err != nil {
		t.Fatal(err)
	}
	s.mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`
import {enrolTOTP} from '/checkpoint/totp.js'
const result = document.getElementById('result')
document.getElementById('enrol').addEventListener('click', async () => {
	result.textContent = ''
	result.textContent = await enrolTOTP().then(() => 'enrolled', String)
})
`))
	})
	s.mux.HandleFunc("GET /app", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strict)
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Enrol</title><script type="module" src="/app.js"></script>
<main><h1>Enrol</h1><p><button id="enrol">Set up an app</button></p><p id="result" role="status"></p></main>`))
	})
}

// app is what POST totp returns.
type app struct {
	URI, Secret string
	Image       struct {
		Size int
		Path string
	}
}

// enrolment approves the enrolment of an app with the PIN, and returns the app, which is not confirmed yet.
func (c *client) enrolment(pin string) app {
	c.t.Helper()
	ticket := c.answer(c.post("/checkpoint/totp", nil).problem(c.t).Challenge, pin)
	return c.read(c.with("Postern-Ticket", ticket).post("/checkpoint/totp", nil))
}

func (c *client) read(got reply) (enrolled app) {
	c.t.Helper()
	got.want(c.t, http.StatusOK)
	if err := json.Unmarshal([]byte(got.body), &enrolled); err != nil {
		c.t.Fatal(err)
	}
	return enrolled
}

// confirmation answers the question for the first code of an app, and returns the ticket.
func (c *client) confirmation(code string) string {
	c.t.Helper()
	question := c.post("/checkpoint/totp-confirm", nil).problem(c.t)
	return ticketOf(c.t, c.postJSON("/checkpoint/answer", map[string]string{
		"challenge": question.Challenge, "username": c.user, "response": code, "scheme": "TOTP",
	}))
}

// code is what an app shows some steps from now.
func code(t *testing.T, secret string, steps int) string {
	t.Helper()
	shown, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

// appOf says what the database knows of the user's app.
func (s *shop) appOf(t *testing.T, userid string) (state string) {
	t.Helper()
	if err := s.Pool.QueryRow(t.Context(), "select totp from postern.user_account where userid = $1", userid).Scan(&state); err != nil {
		t.Fatal(err)
	}
	return state
}

// inTOTP returns the value of an expression about the dialog with the QR code; zero while it is not open.
func inTOTP[T any](b *tab, expression string) T {
	b.Helper()
	return evaluate[T](b, `((zero) => {
		const dialog = document.querySelector('postern-checkpoint')?.shadowRoot.querySelector('#totp')
		return dialog?.open ? `+expression+` : zero
	})(`+map[bool]string{true: "''", false: "false"}[isText[T]()]+`)`)
}

func isText[T any]() bool {
	_, is := any(*new(T)).(string)
	return is
}

// scanned waits for the QR code, and returns the secret beside it.
func (b *tab) scanned() (secret string) {
	b.Helper()
	b.until("the QR code", func(v view) bool {
		secret = inTOTP[string](b, `dialog.querySelector('#totp-secret').innerText`)
		return !v.Open && secret != ""
	})
	return secret
}

func TestAuthenticatorAppIsEnrolledInTheDialog(t *testing.T) {
	source := axe(t)
	s := openShop(t)
	s.withApps(t)
	s.exec(t, onlyTOTP)
	b := s.openTab(t, "ALICE")
	b.open("/app")
	b.click("#enrol")
	b.asked("Authenticator app enrolled")
	b.answer(pinOfAlice)
	secret := b.scanned()
	if got := inTOTP[string](b, `dialog.getRootNode().activeElement.id + ' ' + dialog.querySelector('svg').getBoundingClientRect().width`); got != "totp-continue 240" {
		t.Errorf("focus and width of the image are %q", got)
	}
	for _, theme := range []string{"light", "dark"} {
		b.emulate("prefers-color-scheme", theme)
		if found := b.barriers(source); found != "" {
			t.Errorf("%s: %s", theme, found)
		}
	}
	for name, window := range windows {
		b.resize(window.width, window.height, window.scale)
		if wide := inTOTP[bool](b, `dialog.scrollWidth > dialog.clientWidth || dialog.getBoundingClientRect().right > innerWidth`); wide {
			t.Errorf("%s: the dialog is too wide", name)
		}
	}
	b.resize(1280, 720, 1)

	// Whoever has not scanned it in time sees it again.
	const confirms = "Authenticator app "
	asks := func() {
		b.Helper()
		b.until("the question for the code", func(v view) bool {
			return v.Open && !v.Sending && strings.HasPrefix(v.Message, confirms) && strings.HasSuffix(v.Message, " confirmed") && v.Focus == "pin"
		})
	}
	b.click("#totp-continue")
	asks()
	b.click("[part~=cancel]")
	if again := b.scanned(); again != secret {
		t.Errorf("the secret is %q, then %q", secret, again)
	}
	b.click("#totp-continue")
	asks()
	b.answer("000000")
	b.refused("The user name or the code is wrong")
	first := code(t, secret, 0)
	b.answer(first)
	b.until("the end", func(v view) bool { return v.Result == "enrolled" })
	if inTOTP[bool](b, "true") || evaluate[bool](b, "document.querySelector('postern-checkpoint').shadowRoot.innerHTML.includes('totp')") {
		t.Error("the secret is still on the page")
	}
	if got := s.appOf(t, "ALICE"); got != "set" {
		t.Errorf("the app is %s", got)
	}

	// Its codes approve, but not the first one again.
	b.open("/")
	b.click("#form")
	b.asked("5 paid to ACME")
	b.answer(first)
	b.refused("the code has been used")
	b.answer(code(t, secret, 1))
	b.shows("paid 5 to ACME")
	s.want(t, "ACME 5", "denied passed")

	b.open("/app")
	b.click("#enrol")
	b.until("the refusal", func(v view) bool { return strings.Contains(v.Result, "You have an authenticator app already") })
}

func TestEnrolmentOfAnAppIsCancelled(t *testing.T) {
	s := openShop(t)
	s.withApps(t)
	b := s.openTab(t, "ALICE")
	b.open("/app")
	for _, cancel := range []func(){
		func() { b.click("#totp-cancel") },
		func() { b.enter("\x1b") }, // Escape
	} {
		b.click("#enrol")
		b.asked("Authenticator app enrolled")
		b.answer(pinOfAlice)
		b.scanned()
		cancel()
		b.until("the end", func(v view) bool { return strings.Contains(v.Result, "You cancelled.") && v.Focus == "enrol" })
	}
	if got := s.appOf(t, "ALICE"); got != "not_confirmed" {
		t.Errorf("the app is %s", got)
	}
}

var svgSquare = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// The image shows the whole secret, and the secret beside it is the same.
func TestQRCodeHasTheSecret(t *testing.T) {
	s := openShop(t)
	s.withApps(t)
	enrolled := s.program(t, "ALICE").enrolment(pinOfAlice)
	key, err := otp.NewKeyFromURL(enrolled.URI)
	if err != nil || key.Type() != "totp" || key.AccountName() != "ALICE" || key.Secret() != strings.ReplaceAll(enrolled.Secret, " ", "") || len(key.Secret()) != 32 {
		t.Errorf("the app is %+v, %v", enrolled, err)
	}
	want, err := qr.Encode(enrolled.URI, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[[2]int]bool{}
	for _, square := range svgSquare.FindAllStringSubmatch(enrolled.Image.Path, -1) {
		numbers := [4]int{}
		for index := range numbers {
			numbers[index], _ = strconv.Atoi(square[index+1])
		}
		if numbers[2] != numbers[3] {
			t.Fatalf("%s is no rectangle", square[0])
		}
		for x := range numbers[2] {
			drawn[[2]int{numbers[0] + x, numbers[1]}] = true
		}
	}
	if rest := svgSquare.ReplaceAllString(enrolled.Image.Path, ""); rest != "" || enrolled.Image.Size != want.Size+8 {
		t.Errorf("the image of size %d has %q", enrolled.Image.Size, rest)
	}
	for y := range enrolled.Image.Size {
		for x := range enrolled.Image.Size {
			if drawn[[2]int{x, y}] != want.Black(x-4, y-4) {
				t.Fatalf("at %d, %d the image is not what it should be", x, y)
			}
		}
	}
}

// next posts the only form of a page to where it leads.
func (c *client) next(page reply) reply {
	c.t.Helper()
	for node := range page.document(c.t).Descendants() {
		if node.Data == "form" {
			base, err := url.Parse("/checkpoint/totp")
			if err != nil {
				c.t.Fatal(err)
			}
			target, err := base.Parse(attribute(node, "action"))
			if err != nil {
				c.t.Fatal(err)
			}
			return c.post(target.Path, nil)
		}
	}
	c.t.Fatalf("there is no form: %s", page.body)
	return reply{}
}

var secretOnPage = regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`)

func TestAuthenticatorAppIsEnrolledWithoutJavaScript(t *testing.T) {
	s := openShop(t)
	s.withApps(t)
	alice := s.browser(t, "ALICE")
	begin := alice.get("/checkpoint/totp")
	begin.want(t, http.StatusOK, "Set up your authenticator app", "Approve with your PIN")
	question := alice.next(begin)
	question.want(t, http.StatusUnauthorized, "Authenticator app enrolled")
	shown := alice.post("/checkpoint/totp", question.answered(t, pinOfAlice, ""))
	shown.want(t, http.StatusOK, "Scan this with your authenticator app.")
	found := secretOnPage.FindStringSubmatch(shown.body)
	if found == nil || !strings.Contains(shown.body, `<path d="M4 4h7v1h-7z`) {
		t.Fatalf("the page shows no app: %s", shown.body)
	}
	question = alice.next(shown)
	question.want(t, http.StatusUnauthorized, " confirmed", "Code of your app")
	if strings.Contains(question.body, found[1]) {
		t.Error("the secret is shown again")
	}
	done := alice.post("/checkpoint/totp-confirm", question.answered(t, code(t, found[1], 0), ""))
	done.want(t, http.StatusOK, "Your authenticator app is confirmed.")
	for name, page := range map[string]reply{"begin": begin, "secret": shown, "end": done} {
		if exposed := isExposed(page.Header); exposed != nil {
			t.Errorf("%s allows %v", name, exposed)
		}
	}
	question = alice.post("/checkpoint/totp", nil)
	question.want(t, http.StatusUnprocessableEntity, "You have an authenticator app already")
	s.browser(t, "ALICE").with("Accept-Language", "de").get("/checkpoint/totp").want(t, http.StatusOK, "Authenticator-App einrichten")
	s.browser(t, "").get("/checkpoint/totp").want(t, http.StatusUnauthorized)
	if s.log.String() != "" {
		t.Errorf("the server logs %s", s.log)
	}
}

// The person who approves with a PIN gets the secret, and nobody else; and only a code of that app confirms it.
func TestEnrolmentOfAnAppIsNobodyElses(t *testing.T) {
	s := openShop(t)
	s.withApps(t)
	s.addUser(t, "BOB", pinOfBob)
	alice, bob := s.program(t, "ALICE"), s.program(t, "BOB")

	// A page of another origin begins an enrolment, or confirms one.
	naive := s.naive()
	naive.Path = "/naive/"
	naive.CrossOrigin = http.NewCrossOriginProtection()
	naive.CrossOrigin.AddInsecureBypassPattern("/")
	s.mux.Handle("/naive/", naive)
	ticket := alice.answer(alice.post("/checkpoint/totp", nil).problem(t).Challenge, pinOfAlice)
	browser := s.browser(t, "ALICE")
	for name, victim := range planted(browser) {
		victim.post("/naive/totp", nil).want(t, http.StatusUnauthorized, "Authenticator app enrolled")
		for _, path := range []string{"/checkpoint/totp", "/checkpoint/totp-confirm"} {
			for _, client := range []*client{victim, victim.with("Postern-Ticket", ticket), victim.with("Accept", "application/json")} {
				if got := client.post(path, nil); got.StatusCode != http.StatusForbidden || strings.Contains(got.body, "Authenticator app") {
					t.Errorf("%s: %s gives %d: %s", name, path, got.StatusCode, got.body)
				}
			}
		}
	}
	if got := s.appOf(t, "ALICE"); got != "none" {
		t.Errorf("the app is %s", got)
	}

	// Bob has Alice's approval, but not her session.
	believes := s.naive()
	believes.Path = "/believes/"
	believes.Session = func(r *http.Request) (postern.Session, bool) { // believes the request
		return postern.TokenSession(s.signer, r.FormValue("as")), true
	}
	s.mux.Handle("/believes/", believes)
	if stolen := bob.read(bob.with("Postern-Ticket", ticket).post("/believes/totp?as=ALICE", nil)); stolen.Secret == "" {
		t.Fatal("the attack does not work on the naive version")
	}
	ticket = alice.answer(alice.post("/checkpoint/totp", nil).problem(t).Challenge, pinOfAlice)
	refused := bob.with("Postern-Ticket", ticket).post("/checkpoint/totp", nil)
	if p := refused.problem(t); p.Code != "PS103" || p.Reason != "other_user" || strings.Contains(refused.body, "otpauth") {
		t.Errorf("got %s", refused.body)
	}

	// Bob's app does not become Alice's, and an approval for her first app does not confirm the next one.
	mine, bobs := alice.enrolment(pinOfAlice), bob.enrolment(pinOfBob)
	wrong := alice.with("Postern-Ticket", alice.confirmation(code(t, bobs.Secret, 0))).post("/checkpoint/totp-confirm", nil)
	if p := wrong.problem(t); p.Rejected == nil || p.Rejected.Code != "PS102" {
		t.Errorf("got %s", wrong.body)
	}
	early := alice.confirmation(code(t, mine.Secret, -1))
	mine = alice.enrolment(pinOfAlice)
	changed := alice.with("Postern-Ticket", early).post("/checkpoint/totp-confirm", nil)
	if p := changed.problem(t); p.Rejected == nil || p.Rejected.Reason != "changed" {
		t.Errorf("got %s", changed.body)
	}

	// Replayed: the confirmation itself, and then the first code at a gate.
	first := code(t, mine.Secret, 0)
	ticket = alice.confirmation(first)
	alice.with("Postern-Ticket", ticket).post("/checkpoint/totp-confirm", nil).want(t, http.StatusNoContent)
	if p := alice.with("Postern-Ticket", ticket).post("/checkpoint/totp-confirm", nil).problem(t); p.Reason != "used" {
		t.Errorf("got %+v", p)
	}
	var matches bool // the naive version: it is the right code for some time
	if err := s.Pool.QueryRow(t.Context(), "select postern_internal.totp_match(totp_secret, $1, clock_timestamp(), -1) is not null from postern_internal.credential where userid = 'ALICE'", first).
		Scan(&matches); err != nil || !matches {
		t.Fatalf("the naive version withstood: %t, %v", matches, err)
	}
	s.exec(t, onlyTOTP)
	pay := func(code string) reply {
		ticket := ticketOf(t, alice.postJSON("/checkpoint/answer", map[string]string{
			"challenge": alice.pay("ACME", "5").problem(t).Challenge, "username": "ALICE", "response": code, "scheme": "TOTP",
		}))
		return alice.with("Postern-Ticket", ticket).pay("ACME", "5")
	}
	if p := pay(first).problem(t); p.Rejected == nil || p.Rejected.Code != "PS102" {
		t.Errorf("got %+v", p)
	}
	pay(code(t, mine.Secret, 1)).want(t, http.StatusCreated)
	s.want(t, "ACME 5", "denied passed")

	// Nothing of the secret is anywhere but in the response.
	for _, secret := range []string{mine.Secret, strings.ReplaceAll(mine.Secret, " ", "")} {
		var logged bool
		if err := s.Pool.QueryRow(t.Context(), "select exists (select from postern_internal.checkpoint_entry as e where to_jsonb(e)::text like '%' || $1 || '%')", secret).
			Scan(&logged); err != nil || logged || strings.Contains(s.log.String(), secret) {
			t.Errorf("the secret is in a log: %v", err)
		}
	}
}
