package checkpointhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// received is what handlers have got: the last request of each path, in words.
type received struct {
	mutex sync.Mutex
	got   map[string]string
}

func (r *received) take(path string) string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	defer delete(r.got, path)
	return r.got[path]
}

// describe reads a request as an application does.
func (r *received) describe(request *http.Request) error {
	words := strings.Builder{}
	contentType, _, _ := strings.Cut(request.Header.Get("Content-Type"), ";")
	fmt.Fprintf(&words, "%s %s %s\n", request.Method, request.URL.RawQuery, contentType)
	if err := request.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		return err
	}
	fmt.Fprintf(&words, "%q\n", request.PostForm)
	if request.MultipartForm != nil {
		for name, files := range request.MultipartForm.File {
			for _, file := range files {
				opened, err := file.Open()
				if err != nil {
					return err
				}
				content, err := io.ReadAll(opened)
				if err != nil {
					return err
				}
				fmt.Fprintf(&words, "%q: %q %q %q\n", name, file.Filename, file.Header.Get("Content-Type"), content)
			}
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.got[request.URL.Path] = words.String()
	return nil
}

// forms are those that differ in how a browser sends them. Each ends before its button.
var forms = map[string]string{
	"text": `<form method="post" action="%s?a=1&amp;a=2"><input name="a" value="ä &amp; +%%"><textarea name="t">one
two</textarea><input name="_charset_" type="hidden"><input type="checkbox" name="c" checked><input name="off" disabled value="x">`,
	"names of properties": `<form method="post" action="%s"><input name="action" value="/evil"><input name="method" value="get"><input name="submit"><input name="target"><input name="enctype">`,
	"get":                 `<form action="%s?lost=1"><input name="a" value="ä b"><input name="b" value="2">`,
	"file":                `<form method="post" enctype="multipart/form-data" action="%s"><input name="a" value="ä"><textarea name="t">` + "\n\na\nb" + `</textarea><input type="file" name="f"><input type="file" name="none">`,
	"empty":               `<form method="post" action="%s">`,
}

// The handler must get from the element what it gets from the browser, with and without a gate.
func TestFormIsSentAsTheBrowserSendsIt(t *testing.T) {
	s := openShop(t)
	all := &received{got: map[string]string{}}
	s.mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		if err := all.describe(r); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "done")
	})
	for path, gated := range map[string]bool{"/ungated": false, "/gated": true} {
		s.mux.Handle(path, s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
			if err := all.describe(r); err != nil {
				return err
			}
			if gated {
				if err := reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "5"}); err != nil {
					return err
				}
			}
			_, err := io.WriteString(w, "done")
			return err
		}))
	}
	for name, form := range forms {
		s.mux.HandleFunc("GET /forms/"+strings.ReplaceAll(name, " ", "_"), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			page := `<!doctype html><title>Form</title><script type="module" src="/checkpoint/element.js"></script>`
			action := r.FormValue("action")
			if action != "/plain" {
				page += "<postern-checkpoint>"
			}
			_, _ = io.WriteString(w, page+fmt.Sprintf(form, action)+`<button name="choice" value="yes" id="send">Send</button></form>`)
		})
	}
	b := s.openTab(t, "ALICE")
	for name := range forms {
		want := ""
		for _, path := range []string{"/plain", "/ungated", "/gated"} {
			b.open("/forms/" + strings.ReplaceAll(name, " ", "_") + "?action=" + path)
			if name == "file" {
				evaluate[bool](b, `(() => {
					const files = new DataTransfer()
					files.items.add(new File([new Uint8Array([0, 255, 13, 10, 10, 60])], 'ä".bin', {type: 'application/x-thing'}))
					document.querySelector('[name=f]').files = files.files
					return true
				})()`)
			}
			b.click("#send")
			if path == "/gated" {
				b.asked("5 paid to ACME")
				b.answer(pinOfAlice)
			}
			b.until("the response", func(v view) bool { return v.Page == "done" && v.Path == path })
			got := all.take(path)
			if path == "/plain" {
				want = got
			}
			if got != want || !strings.Contains(got, "yes") {
				t.Errorf("%s: %s gets\n%s, and the browser sends\n%s", name, path, got, want)
			}
		}
	}
}

// A form that does not belong inside the element is sent once, and nobody is told that nothing has happened.
func TestFormOfAnotherHandlerIsSentOnce(t *testing.T) {
	s := openShop(t)
	runs := atomic.Int32{}
	s.mux.HandleFunc("POST /plain", func(w http.ResponseWriter, _ *http.Request) {
		runs.Add(1)
		_, _ = io.WriteString(w, "done")
	})
	s.mux.HandleFunc("POST /guarded", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
	s.mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Who are you?") })
	b := s.openTab(t, "ALICE", "/plain is not served by a checkpointhttp.Handler")
	b.goes("/plain")
	b.click("#form")
	v := b.refused("That did not work. Check what is done before you try again.")
	if runs.Load() != 1 || v.OK != "" {
		t.Errorf("it was sent %d times: %+v", runs.Load(), v)
	}
	b.click("[part~=cancel]")
	b.shows("Shop")
	b.goes("/guarded")
	b.click("#form")
	b.shows("Who are you?") // a middleware that wants the user to sign in
}

func TestFormsThatTheElementLeavesAlone(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	for name, change := range map[string]string{
		"outside the element":   "document.body.append(form)",
		"prevented by the page": "form.addEventListener('submit', (event) => event.preventDefault())",
		"text":                  "form.enctype = 'text/plain'",
		"another site":          "form.action = 'http://localhost:1/'",
		"closes a dialog":       "form.method = 'dialog'",
	} {
		b.open("/")
		sent := evaluate[bool](b, `(() => {
			const form = document.querySelector('form')
			`+change+`
			let left
			addEventListener('submit', (event) => { left = !event.defaultPrevented || `+fmt.Sprint(name == "prevented by the page")+`; event.preventDefault() })
			form.requestSubmit()
			return left
		})()`)
		if !sent {
			t.Errorf("%s: the element takes it", name)
		}
	}
	s.want(t, "", "")
}

// Whatever a script sends, it is sent again unchanged with the ticket.
func TestFetchIsSentAgainUnchanged(t *testing.T) {
	s := openShop(t)
	var (
		mutex sync.Mutex
		got   []string
	)
	s.mux.Handle("/any", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		mutex.Lock()
		got = append(got, fmt.Sprintf("%s %s %s %s %q", r.Method, r.URL, contentType, r.Header.Get("X-Own"), body))
		mutex.Unlock()
		if err := reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "5"}); err != nil {
			return err
		}
		_, err = io.WriteString(w, "done")
		return err
	}))
	b := s.openTab(t, "ALICE")
	for name, request := range map[string]string{
		"JSON":      `'/any?a=1', {method: 'PUT', body: '{"a": "ä"}', headers: {'Content-Type': 'application/json', 'X-Own': 'x'}}`,
		"DELETE":    `new URL('/any', location), {method: 'DELETE'}`,
		"a Request": `new Request('/any', {method: 'POST', body: new Uint8Array([0, 255])}), {headers: {'X-Own': 'y'}}`,
		"GET":       `'any?b=2'`,
		"a stream":  `'/any', {method: 'POST', body: new Blob(['x'.repeat(100000)])}`,
	} {
		mutex.Lock()
		got = nil
		mutex.Unlock()
		evaluate[bool](b, `(fetch(`+request+`).then((response) => response.text()).then((text) => { document.getElementById('result').textContent = text }), true)`)
		b.asked("5 paid to ACME")
		b.answer(pinOfAlice)
		b.shows("done")
		evaluate[bool](b, "(document.getElementById('result').textContent = '', true)")
		mutex.Lock()
		if len(got) != 2 || got[0] != got[1] {
			t.Errorf("%s: work gets %.200q", name, got)
		}
		mutex.Unlock()
	}
}

// A request that was done already, and has redirected to one with a gate, must not be sent again.
func TestRedirectedRequestIsNotSentAgain(t *testing.T) {
	s := openShop(t)
	runs := atomic.Int32{}
	s.mux.HandleFunc("POST /first", func(w http.ResponseWriter, r *http.Request) {
		runs.Add(1)
		http.Redirect(w, r, "/second", http.StatusSeeOther)
	})
	s.mux.Handle("/second", s.checkpoints.Handler(func(_ http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		return reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "5"})
	}))
	b := s.openTab(t, "ALICE")
	b.goes("/first")
	b.click("#fetch")
	b.shows("401")
	if runs.Load() != 1 {
		t.Errorf("the first request ran %d times", runs.Load())
	}
}

func TestPageMayAbortAQuestion(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	evaluate[bool](b, "(window.controller = new AbortController(), pay({signal: controller.signal}), true)")
	b.asked("5 paid to ACME")
	evaluate[bool](b, "(controller.abort(), true)")
	b.shows("AbortError")
	s.want(t, "", "")
	b.click("#fetch")
	b.asked("5 paid to ACME")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
}

// The script alone is enough for fetch.
func TestScriptMakesTheElement(t *testing.T) {
	s := openShop(t)
	s.mux.HandleFunc("GET /bare", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><title>Bare</title><body><p id="result"><script type="module" src="/checkpoint/element.js"></script>`)
	})
	b := s.openTab(t, "ALICE")
	b.open("/bare")
	evaluate[bool](b, `(fetch('/pay', {method: 'POST', body: new URLSearchParams({payee: 'ACME', amount: '5'})}).then(async (response) => {
		document.getElementById('result').textContent = await response.text() }), true)`)
	b.asked("5 paid to ACME")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
}
