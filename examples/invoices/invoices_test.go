package invoices_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"github.com/posternsql/postern/examples/invoices"
	"github.com/posternsql/postern/internal/testbrowser"
	"github.com/posternsql/postern/posterntest"
)

const pin = "482913"

// open serves the page on a database of the test.
func open(t *testing.T) (*httptest.Server, *posterntest.Database) {
	t.Helper()
	database := posterntest.New(t)
	login := database.Login(t, "postern_app")
	site := httptest.NewUnstartedServer(nil)
	t.Cleanup(site.Close)
	origin := fmt.Sprintf("http://localhost:%d", site.Listener.Addr().(*net.TCPAddr).Port)
	signer, err := invoices.Setup(t.Context(), database.Pool, database.Login(t, "postern_user").Name, login.Name, pin, origin)
	if err != nil {
		t.Fatal(err)
	}
	site.Config.Handler = invoices.New(login.Pool, signer)
	site.Start()
	site.URL = origin
	return site, database
}

// tab is a tab of a browser.
type tab struct {
	*testing.T
	ctx context.Context
}

func openTab(t *testing.T) tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(testbrowser.Open(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which ends with this context
		t.Fatal(err)
	}
	return tab{t, ctx}
}

func (b tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// evaluate returns the value of an expression. While the page is loading, there is an error, or no answer.
func evaluate[T any](b tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

func call[P, R any](b tab, command cdp.Command[P, R], params P) error {
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	_, err := chromedp.Call(ctx, command, params)
	return err
}

// until waits until an expression is true.
func (b tab) until(expression string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if isTrue, err := evaluate[bool](b, expression); err == nil && isTrue {
			return
		}
	}
	text, err := evaluate[string](b, "document.body.innerText")
	b.Fatalf("never true: %s; the page shows %s, %v", expression, text, err)
}

// later evaluates an expression that may leave the page.
func (b tab) later(expression string) {
	b.Helper()
	if _, err := evaluate[bool](b, "(setTimeout(() => "+expression+"), true)"); err != nil {
		b.Fatal(err)
	}
}

// click waits for a node of the page, and for the scripts that handle it, and clicks it.
func (b tab) click(id string) {
	b.Helper()
	node := fmt.Sprintf("document.getElementById(%q)", id)
	b.until("document.readyState === 'complete' && (" + node + "?.checkVisibility() ?? false)")
	b.later(node + ".click()")
}

const dialog = "document.querySelector('postern-checkpoint').shadowRoot.querySelector('dialog')"

func (b tab) approve(message string) { b.Helper(); b.answer(message, pin) }

// answer waits for a question in the dialog that begins with a text, types the response, and presses Enter.
func (b tab) answer(message, response string) {
	b.Helper()
	b.until(fmt.Sprintf("%s.open && %s.querySelector('#message')?.innerText.startsWith(%q)", dialog, dialog, message))
	if _, err := evaluate[bool](b, "("+dialog+".querySelector('#pin').focus(), true)"); err != nil {
		b.Fatal(err)
	}
	b.do(chromedp.KeyEvent(response + "\r"))
}

func (b tab) signIn(user string) {
	b.Helper()
	b.click(user)
	b.until(fmt.Sprintf("document.getElementById('user')?.innerText === %q", user))
}

func TestPeopleApproveAndPayInABrowser(t *testing.T) {
	site, database := open(t)
	b := openTab(t)
	b.do(chromedp.Navigate(site.URL))
	b.signIn("ALICE")
	b.click("INV-1041")
	b.approve("Invoice INV-1041 of Nordic Paper over 1840.00 approved")
	b.until("document.body.innerText.includes('approved by ALICE')")
	b.click("INV-1041") // now the button pays
	b.until("document.getElementById('refusal')?.innerText.includes('somebody else has to pay it') ?? false")

	b.do(chromedp.Navigate(site.URL))
	b.until("document.querySelector('nav form button') !== null")
	b.later("document.querySelector('nav form button').click()")
	b.signIn("BOB")
	b.click("INV-1041")
	b.approve("1840.00 paid to Nordic Paper for invoice INV-1041")
	b.until("document.body.innerText.includes('paid by BOB')")

	b.click("app")
	b.approve("Authenticator app enrolled")
	const app = "document.querySelector('postern-checkpoint').shadowRoot.querySelector('#totp')"
	b.until(app + "?.open ?? false")
	secret, err := evaluate[string](b, app+".querySelector('#totp-secret').innerText")
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.later(app + ".querySelector('#totp-continue').click()")
	b.answer("Authenticator app ", code)
	b.until("document.getElementById('said')?.innerText === 'The codes of your app approve now, too.'")

	for _, err := range []error{
		call(b, webauthn.Enable, webauthn.EnableParams{}),
		call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b.click("passkey")
	b.approve("Passkey BOB enrolled")
	b.until("document.getElementById('said')?.innerText === 'Your passkey approves now, too.'")
	b.click("INV-1042")
	b.until(fmt.Sprintf("%s.open && %s.querySelector('#scheme').value === 'PASSKEY'", dialog, dialog))
	b.later(dialog + ".querySelector('[part~=ok]').click()")
	b.until("document.body.innerText.includes('approved by BOB')")
	var log string
	err = database.Pool.QueryRow(t.Context(), `
select string_agg(concat_ws(' ', gate_id, outcome, userid, scheme), ', ' order by log_id)
  from postern.checkpoint_log where gate_id like 'INVOICE%'`).Scan(&log)
	if err != nil || log != "INVOICE_APPROVE passed ALICE PIN, INVOICE_PAY passed BOB PIN, INVOICE_APPROVE passed BOB PASSKEY" {
		t.Errorf("the log has %s: %v", log, err)
	}
}

func TestNobodyGetsPastSignIn(t *testing.T) {
	site, _ := open(t)
	post := func(path, form, cookie, fetchSite string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", fetchSite)
		request.Header.Set("Cookie", cookie)
		response, err := http.DefaultTransport.RoundTrip(request) // follows no redirect
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	for name, test := range map[string]struct {
		response *http.Response
		status   int
	}{
		"nobody":              {post("/approve", "no=INV-1041", "", "same-origin"), http.StatusUnauthorized},
		"a made-up session":   {post("/approve", "no=INV-1041", "session=ALICE", "same-origin"), http.StatusUnauthorized},
		"an unknown name":     {post("/sign-in", "user=MALLORY", "", "same-origin"), http.StatusUnprocessableEntity},
		"another site's form": {post("/sign-in", "user=ALICE", "", "cross-site"), http.StatusForbidden},
		"Alice":               {post("/sign-in", "user=ALICE", "", "same-origin"), http.StatusSeeOther},
	} {
		if test.response.StatusCode != test.status {
			t.Errorf("%s: got %s", name, test.response.Status)
		}
	}
}

// An example that nobody reads in one go is none.
func TestExampleIsSmall(t *testing.T) {
	lines := 0
	for _, file := range []string{"invoices.go", "setup.go", "page.html", "app.js"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(source), "\n")
	}
	if lines >= 300 {
		t.Errorf("the application has %d lines", lines)
	}
}
