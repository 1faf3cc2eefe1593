package checkpointhttp_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
)

// evil is another site, which Alice visits while she is signed in to the shop. Its port is another one, so the browser
// sends it the same cookies: for the attacker that is the best case.
func (s *shop) evil(t *testing.T, page string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Win</title><body>"+page)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// counted is pay, which counts how often it runs, with and without the protection.
func (s *shop) counted(t *testing.T) *atomic.Int32 {
	t.Helper()
	runs := &atomic.Int32{}
	work := func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		runs.Add(1)
		return s.pay(w, r, tx)
	}
	naive := s.naive()
	naive.CrossOrigin = http.NewCrossOriginProtection()
	naive.CrossOrigin.AddInsecureBypassPattern("/")
	s.mux.Handle("POST /naive", naive.Handler(work))
	s.mux.Handle("POST /counted", s.checkpoints.Handler(work))
	return runs
}

func TestFormOfAnotherSiteOpensNoDialogInABrowser(t *testing.T) {
	s := openShop(t)
	runs := s.counted(t)
	b := s.openTab(t, "ALICE")
	const form = `<form method="post" action="%s"><input name="payee" value="MALLORY"><input name="amount" value="1"></form><script>document.forms[0].submit()</script>`
	b.do(chromedp.Navigate(s.evil(t, fmt.Sprintf(form, s.Server.URL+"/naive"))))
	b.shows("1 paid to MALLORY")
	runs.Store(0)
	b.do(chromedp.Navigate(s.evil(t, fmt.Sprintf(form, s.Server.URL+"/counted"))))
	v := b.shows("Another site sent you here.")
	if runs.Load() != 0 || strings.Contains(v.Page, "MALLORY") {
		t.Errorf("work ran %d times: %s", runs.Load(), v.Page)
	}
	s.want(t, "", "")
}

func TestFetchOfAnotherSiteReachesNothing(t *testing.T) {
	s := openShop(t)
	runs := s.counted(t)
	b := s.openTab(t, "ALICE", "blocked by CORS policy", "ERR_FAILED", "ERR_BLOCKED_BY_RESPONSE")
	const fetch = `<script>
	const options = {method: 'POST', body: new URLSearchParams({payee: 'MALLORY', amount: '1'}), credentials: 'include'}
	Promise.allSettled([fetch('%[1]s', {...options, mode: 'no-cors'}), fetch('%[1]s', options),
		fetch('%[1]s', {...options, headers: {'Postern-Rehearsal': '1'}})]).then(() => document.body.append('finished'))</script>`
	b.do(chromedp.Navigate(s.evil(t, fmt.Sprintf(fetch, s.Server.URL+"/naive"))))
	b.shows("finished")
	if runs.Load() == 0 {
		t.Error("the attack does not work on the naive version")
	}
	runs.Store(0)
	b.do(chromedp.Navigate(s.evil(t, fmt.Sprintf(fetch, s.Server.URL+"/counted"))))
	b.shows("finished")
	if runs.Load() != 0 {
		t.Errorf("work ran %d times", runs.Load())
	}
	s.want(t, "", "")
}

// A site that has the application's page in a frame could lay a false message over the dialog.
func TestDialogDoesNotOpenInAFrameOfAnotherSite(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("GET /framed", servePage) // the application has forgotten frame-ancestors
	s.mux.HandleFunc("GET /own", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, framing("/framed"))
	})
	b := s.openTab(t, "ALICE", "frame-ancestors 'none'")
	for _, way := range ways {
		b.do(chromedp.Navigate(s.Server.URL + "/own#" + way))
		b.shows("dialog: true") // the check works
		b.do(chromedp.Navigate(s.evil(t, framing(s.Server.URL+"/framed")) + "#" + way))
		if way == "form" { // the page that comes instead refuses to be in a frame
			b.shows("left")
			continue
		}
		b.shows("dialog: false 401")
	}
	s.want(t, "", "")
}

// framing is a page that has another one in a frame, and shows what the one inside reports. Its own fragment says what
// the page inside has to click.
func framing(address string) string {
	return `<body><script>
	addEventListener('message', (event) => document.body.append(event.data))
	const frame = document.createElement('iframe')
	frame.src = '` + html.EscapeString(address) + `' + location.hash
	let loads = 0
	frame.onload = () => { if (++loads === 2) document.body.append('left') }
	document.body.append(frame)</script>`
}

// Parameters come from anybody. In the dialog they are text, and show what they are.
func TestMessageCannotWriteTheDialog(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("POST /naive", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<title>Shop</title><p>5 paid to "+r.PostFormValue("payee"))
	})
	b := s.openTab(t, "ALICE")
	const payee = `<img src=x onerror=document.title="owned">\u202e001\u200b</bdi><form>`
	enter := func() {
		evaluate[bool](b, "(document.getElementById('payee').value = '"+payee+"', true)")
	}
	enter()
	evaluate[bool](b, "((form) => { form.action = '/naive'; form.submit(); return true })(document.querySelector('form'))")
	b.until("what the attacker has written", func(v view) bool { return v.Title == "owned" })
	b.open("/")
	enter()
	b.click("#fetch")
	v := b.until("the question", func(v view) bool { return v.Open && !v.Sending && v.OK != "" })
	if v.Message != "5 paid to "+payee {
		t.Errorf("the dialog shows %q", v.Message)
	}
	if made := evaluate[string](b, `document.title + ' ' + document.querySelector('postern-checkpoint').shadowRoot.querySelectorAll('img, form form').length`); made != "Shop 0" {
		t.Errorf("the message has made %s", made)
	}
}

// The PIN goes to one address, once, and into nothing that a browser keeps to send again.
func TestPINIsSentOnceAndNeverInAForm(t *testing.T) {
	s := openShop(t)
	var (
		mutex sync.Mutex
		with  []string
	)
	s.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if strings.Contains(r.URL.String()+fmt.Sprint(r.Header)+string(body), pinOfAlice) {
			mutex.Lock()
			with = append(with, r.Method+" "+r.URL.String())
			mutex.Unlock()
		}
		s.mux.ServeHTTP(w, r)
	})
	b := s.openTab(t, "ALICE")
	b.click("#form")
	b.asked("5 paid to ACME")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	mutex.Lock()
	defer mutex.Unlock()
	if len(with) != 1 || with[0] != "POST /checkpoint/answer" {
		t.Errorf("the PIN is in %v", with)
	}
}
