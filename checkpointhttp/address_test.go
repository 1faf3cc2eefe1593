package checkpointhttp_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// link is the address of the only link of a page, or of its style, as it is written there.
func (r reply) link(t *testing.T, tag string) string {
	t.Helper()
	for node := range r.document(t).Descendants() {
		if node.Data == tag {
			return attribute(node, "href")
		}
	}
	t.Fatalf("there is no %s: %s", tag, r.body)
	return ""
}

// behind serves the shop below /shop, as different servers and proxies do.
func behind(t *testing.T, s *shop, prefix http.Handler) {
	t.Helper()
	front := http.NewServeMux()
	front.Handle("/shop/", prefix)
	front.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "outside of the shop", http.StatusTeapot) })
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	s.Server.URL = server.URL
}

var prefixes = map[string]func(t *testing.T, s *shop) http.Handler{
	"a proxy strips it": func(t *testing.T, s *shop) http.Handler {
		target, err := url.Parse(s.Server.URL)
		if err != nil {
			t.Fatal(err)
		}
		return http.StripPrefix("/shop", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}) // another Host
	},
	"the server strips it": func(_ *testing.T, s *shop) http.Handler {
		s.checkpoints.Path = "/shop/checkpoint/"
		return http.StripPrefix("/shop", s.mux)
	},
}

// On the pages without JavaScript, everything has to be right where the browser sees it.
func TestPagesBelowAPrefix(t *testing.T) {
	for name, prefix := range prefixes {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.mux.HandleFunc("GET /list/{page}", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = fmt.Fprintf(w, `<!doctype html><title>List %s</title><form method="post" action="../pay"><input name="payee" value="ACME"><input name="amount" value="5"><button>Pay</button></form>
<a href="../checkpoint/pin">PIN</a>`, html.EscapeString(r.PathValue("page")))
			})
			behind(t, s, prefix(t, s))
			b := s.emptyTab(t)
			b.signIn("ALICE")
			at := func(want string) {
				t.Helper()
				b.until(want, func(view) bool { return evaluate[string](b, "location.pathname + location.search") == want })
			}
			press := func(selector string) { b.do(chromedp.Click(chromedp.CSS(selector))) }
			// The page before may have a link too.
			goOn := func() {
				t.Helper()
				b.until("Continue", func(view) bool {
					return evaluate[string](b, "document.querySelector('main a')?.textContent ?? ''") == "Continue"
				})
				press("main a")
			}
			shown := func(selector string) { b.do(chromedp.WaitVisible(chromedp.CSS(selector))) }
			styled := func() {
				t.Helper()
				b.until("the style", func(view) bool {
					return evaluate[string](b, "getComputedStyle(document.querySelector('main')).maxWidth") == "480px"
				})
			}

			b.open("/shop/list/7?sort=a%26b")
			press("button")
			shown("#pin")
			styled()
			b.do(chromedp.SendKeys(chromedp.CSS("#pin"), typo))
			press("button[value=ok]")
			shown(".refusal")
			pin := evaluate[string](b, "document.querySelector('main a').href")
			if pin != s.Server.URL+"/shop/checkpoint/pin" {
				t.Errorf("the PIN is changed at %s", pin)
			}
			press("button[value=cancel]")
			goOn()
			at("/shop/list/7?sort=a%26b")

			press("a") // to the change of the PIN
			shown("#new_pin")
			styled()
			for field, text := range map[string]string{"#pin": pinOfAlice, "#new_pin": "205861", "#new_pin_again": "205861"} {
				b.do(chromedp.SendKeys(chromedp.CSS(field), text))
			}
			press("button")
			goOn()
			at("/shop/list/7?sort=a%26b")

			// Without a page to go back to, it is the home of the application, as its server receives it.
			b.open("/shop/checkpoint/pin")
			b.do(chromedp.SendKeys(chromedp.CSS("#pin"), "205861"), chromedp.SendKeys(chromedp.CSS("#new_pin"), "736129"), chromedp.SendKeys(chromedp.CSS("#new_pin_again"), "736129"))
			press("button")
			goOn()
			at(map[bool]string{true: "/", false: "/shop/"}[s.checkpoints.Path != ""])
		})
	}
}

// An address that somebody else has chosen must not be where "Continue" leads: a person trusts what follows an approval.
// Chromium says where each link leads.
func TestContinueLeadsToNoOtherSite(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("POST /naive", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		back := r.PostFormValue("postern_back")
		if strings.HasPrefix(back, "/") { // "so it is a path of ours"
			_, _ = fmt.Fprintf(w, `<main><a href="%s">Continue</a></main>`, html.EscapeString(back))
		} else {
			_, _ = fmt.Fprintf(w, `<main><a href="%s">Continue</a></main>`, html.EscapeString(r.Referer()))
		}
	})
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "5")
	b := s.emptyTab(t)
	leadsTo := func(link, from string) string {
		t.Helper()
		arguments, err := json.Marshal([]string{link, s.Server.URL + from})
		if err != nil {
			t.Fatal(err)
		}
		return evaluate[string](b, `((link, from) => { try { return new URL(link, from).origin } catch { return 'nowhere' } })(...`+string(arguments)+`)`)
	}
	attacks := 0
	for number, hostile := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example/`, `\\evil.example\`, "/\t/evil.example/", "/\n//evil.example", "\t//evil.example/", " //evil.example",
		"///evil.example", "/%09/evil.example", "/..//evil.example", "/.//evil.example", "javascript:alert(1)", "https:evil.example", "http:/evil.example", "/\x00/evil.example",
		"//user@evil.example", "?//evil.example", "#//evil.example", "/ok\r\nLocation: https://evil.example", "evil.example", "/" + strings.Repeat("x/", 2000),
	} {
		form := page.answered(t, "", "")
		form.Set("postern_choice", "cancel")
		form.Set("postern_back", hostile)
		referred := alice
		if !strings.ContainsAny(hostile, "\r\n\t\x00") {
			referred = alice.with("Referer", hostile)
		}
		if leadsTo(referred.post("/naive", form).link(t, "a"), "/naive") != s.Server.URL {
			attacks++
		}
		// Each has its own rate of answers.
		fresh := s.naive()
		fresh.Path = fmt.Sprintf("/fresh%d/", number)
		s.mux.Handle(fresh.Path, fresh)
		s.mux.Handle("POST "+fresh.Path+"pay", fresh.Handler(s.pay))
		for name, got := range map[string]reply{
			"carried":  alice.post(fresh.Path+"pay", form),
			"referrer": referred.with("Sec-Fetch-Site", "cross-site").pay("ACME", "5"),
		} {
			if link := got.link(t, "a"); leadsTo(link, "/pay") != s.Server.URL || len(link) > 4096 {
				t.Errorf("%s, %q: Continue leads to %q", name, hostile, link)
			}
		}
		differ := alice.post(fresh.Path+"pin", url.Values{
			"postern_username": {"ALICE"}, "postern_pin": {pinOfAlice}, "postern_back": {hostile}, "postern_new_pin": {"1"}, "postern_new_pin_again": {"2"},
		})
		if back := differ.form(t).Get("postern_back"); back != "" && leadsTo(back, "/pay") != s.Server.URL {
			t.Errorf("%q: the page that changes a PIN carries %q", hostile, back)
		}
		clearLog(t, s)
	}
	if attacks < 8 {
		t.Errorf("only %d attacks work on the naive version", attacks)
	}

	// However deep the path is that somebody was sent to, the links stay on this site.
	s.mux.Handle("POST /deep/{rest...}", s.checkpoints.Handler(s.pay))
	for _, path := range []string{"/deep/a/b", "/deep/%2f%2fevil.example/x", "/deep/a;b/c", "/deep/..%2f..%2f"} {
		question := alice.post(path, payment("ACME", "5"))
		question.want(t, http.StatusUnauthorized)
		end := alice.post(path, set(question.answered(t, "", ""), "postern_choice", "cancel"))
		for _, link := range []string{question.link(t, "link"), end.link(t, "a")} {
			if leadsTo(link, path) != s.Server.URL {
				t.Errorf("%s leads to %s", path, link)
			}
		}
	}
	// The browser names the page, and no other site can.
	back := func(c *client) string {
		question := c.pay("ACME", "5")
		return question.form(t).Get("postern_back")
	}
	for name, test := range map[string]struct {
		client *client
		want   string
	}{
		"same origin":             {alice.with("Referer", s.Server.URL+"/list?a=1#x"), "/list?a=1"},
		"behind a proxy":          {alice.with("Referer", "https://shop.example/list"), "/list"},
		"old browser":             {alice.with("Sec-Fetch-Site", "").with("Referer", s.Server.URL+"/list"), "/list"},
		"old browser, other site": {alice.with("Sec-Fetch-Site", "").with("Referer", "https://evil.example/list"), ""},
		"typed":                   {alice.with("Sec-Fetch-Site", "none").with("Referer", s.Server.URL+"/list"), ""},
		"the page itself":         {alice.with("Referer", s.Server.URL+"/pay"), ""},
		"a page of ours":          {alice.with("Referer", s.Server.URL+"/checkpoint/pin"), ""},
		"no referrer":             {alice, ""},
	} {
		if got := back(test.client); got != test.want {
			t.Errorf("%s: it carries %q, want %q", name, got, test.want)
		}
	}
}
