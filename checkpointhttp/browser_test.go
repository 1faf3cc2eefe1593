package checkpointhttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/posternsql/postern/internal/testbrowser"
)

// patience is how long a test waits for what a page has to show.
const patience = time.Minute

// tab is a page of the shop, opened by somebody who has signed in. Each tab has cookies of its own.
type tab struct {
	*testing.T
	shop   *shop
	ctx    context.Context
	faults *faults
	// allowed are parts of errors that the test causes.
	allowed []string
}

// faults are what a page has reported: exceptions, and violations of its Content-Security-Policy.
type faults struct {
	mutex sync.Mutex
	texts []string
}

// openTab opens the page of the shop. The test fails if the page reports an error, unless it has a text in allowed.
func (s *shop) openTab(t *testing.T, user string, allowed ...string) *tab {
	t.Helper()
	b := s.emptyTab(t, allowed...)
	b.signIn(user)
	b.open("/")
	return b
}

func (s *shop) emptyTab(t *testing.T, allowed ...string) *tab {
	t.Helper()
	return s.anotherTab(t, testbrowser.Open(t), []chromedp.ContextOption{chromedp.WithNewBrowserContext()}, allowed)
}

// another opens another tab with the same cookies.
func (b *tab) another() *tab {
	b.Helper()
	another := b.shop.anotherTab(b.T, b.ctx, nil, nil)
	another.open("/")
	return another
}

func (s *shop) anotherTab(t *testing.T, parent context.Context, options []chromedp.ContextOption, allowed []string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	b := &tab{t, s, ctx, &faults{}, allowed}
	console := chromedp.Console(ctx)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			if message.Type == "debug" || message.Type == "info" {
				continue
			}
			b.faults.mutex.Lock()
			b.faults.texts = append(b.faults.texts, message.String())
			b.faults.mutex.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		b.faults.mutex.Lock()
		defer b.faults.mutex.Unlock()
		// Chromium reports each response with such a status.
		allowed := append(b.allowed, "Failed to load resource: the server responded with a status of 4")
		for _, text := range b.faults.texts {
			if !slices.ContainsFunc(allowed, func(part string) bool { return strings.Contains(text, part) }) {
				t.Errorf("the page reports %s", text)
			}
		}
	})
	return b
}

// signIn signs a user in, in all tabs with the same cookies; nobody if the name is empty.
func (b *tab) signIn(user string) {
	b.Helper()
	if user == "" {
		call(b, network.DeleteCookies, network.DeleteCookiesParams{Name: "user", URL: b.shop.Server.URL})
		return
	}
	call(b, network.SetCookie, network.SetCookieParams{Name: "user", Value: user, URL: b.shop.Server.URL})
}

// open opens a path of the shop.
func (b *tab) open(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.shop.Server.URL + path))
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// evaluate returns the value of an expression, also if it is a promise.
func evaluate[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// view is what a person sees of a page, and of the dialog. Texts that are hidden are empty.
type view struct {
	Title, Page, Path string
	// Result is what the page's own script shows.
	Result string

	Open, Sending                              bool
	Heading, Message, Refusal, Status, Time    string
	Username, PIN, Comment, CommentLabel, Link string
	OK, Cancel                                 string
	Lang, Dir                                  string
	// Focus is the id of the element with the focus, in the dialog or on the page.
	Focus string
}

const readView = `(() => {
	const root = document.querySelector('postern-checkpoint')?.shadowRoot
	const dialog = root?.querySelector('dialog')
	const find = (selector) => { const node = dialog?.querySelector(selector); return node?.checkVisibility() ? node : undefined }
	const text = (selector) => find(selector)?.innerText ?? ''
	const focused = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement
	return JSON.stringify({
		title: document.title, page: document.body?.innerText ?? '', path: location.pathname, result: document.getElementById('result')?.innerText ?? '',
		open: !!dialog?.open, sending: dialog?.ariaBusy === 'true',
		heading: text('h2'), message: text('#message'), refusal: text('#refusal'), status: text('#status'), time: text('#time'),
		username: find('#username')?.value ?? '', pin: find('#pin')?.value ?? '', comment: find('#comment')?.value ?? '',
		commentLabel: text('[for=comment]'), link: text('#link'), ok: text('[part~=ok]'), cancel: text('[part~=cancel]'),
		lang: dialog?.lang ?? '', dir: dialog?.dir ?? '',
		focus: focused?.id || focused?.getAttribute('part') || focused?.tagName || '',
	})
})()`

// look returns what the page shows; ok is false while the page is loading.
func (b *tab) look() (v view, ok bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](readView))
	if ctx.Err() != nil {
		b.Fatal(err)
	}
	if err != nil || text == "" {
		return view{}, false
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		b.Fatal(err)
	}
	return v, true
}

// until waits until the page shows something.
func (b *tab) until(what string, isTrue func(view) bool) view {
	b.Helper()
	var v view
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var ok bool
		if v, ok = b.look(); ok && isTrue(v) {
			return v
		}
	}
	b.Fatalf("the page never shows %s; it shows %+v", what, v)
	return v
}

// asked waits for a question with a message.
func (b *tab) asked(message string) view {
	b.Helper()
	return b.until("the question "+message, func(v view) bool {
		return v.Open && !v.Sending && v.Message == message && v.OK != ""
	})
}

// refused waits for a text in the dialog's alert.
func (b *tab) refused(text string) view {
	b.Helper()
	return b.until("the refusal "+text, func(v view) bool { return v.Open && !v.Sending && strings.Contains(v.Refusal, text) })
}

// shows waits until the page is without a dialog and has a text, in its own or in its result.
func (b *tab) shows(text string) view {
	b.Helper()
	return b.until(text, func(v view) bool { return !v.Open && strings.Contains(v.Page, text) })
}

// click clicks with the mouse. The selector is that of an element in the dialog, or on the page.
func (b *tab) click(selector string, clicks ...int64) {
	b.Helper()
	quoted, err := json.Marshal(selector)
	if err != nil {
		b.Fatal(err)
	}
	at := evaluate[[]float64](b, `(() => {
		const inside = document.querySelector('postern-checkpoint')?.shadowRoot?.querySelector('dialog[open] '+`+string(quoted)+`)
		const node = inside ?? document.querySelector(`+string(quoted)+`)
		node.scrollIntoView({block: 'nearest'})
		const box = node.getBoundingClientRect()
		return [box.x + box.width / 2, box.y + box.height / 2]
	})()`)
	if len(clicks) == 0 {
		clicks = []int64{1}
	}
	for _, count := range clicks {
		for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
			call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: count})
		}
	}
}

// enter types into the element with the focus.
func (b *tab) enter(text string) {
	b.Helper()
	b.do(chromedp.KeyEvent(text))
}

// answer types a PIN and presses OK.
func (b *tab) answer(pin string) {
	b.Helper()
	b.click("#pin")
	b.enter(pin)
	b.click("[part~=ok]")
}

// hold presses a key for some time, so that it repeats.
func (b *tab) hold(key rune) {
	b.Helper()
	events := kb.Encode(key)
	for range 5 {
		for _, event := range events {
			if event.Type == kb.KeyUp {
				continue
			}
			call(b, input.DispatchKeyEvent, *event)
			event.AutoRepeat = new(true)
		}
	}
	for _, event := range events {
		if event.Type == kb.KeyUp {
			call(b, input.DispatchKeyEvent, *event)
		}
	}
}

// offline cuts the connection of a tab.
func (b *tab) offline(is bool) {
	b.Helper()
	b.network(network.Conditions{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
}

func (b *tab) network(conditions network.Conditions) {
	b.Helper()
	call(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{&conditions},
	})
}

// emulate sets media features, such as prefers-color-scheme.
func (b *tab) emulate(name, value string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
}

// resize sets the size of the page in CSS pixels.
func (b *tab) resize(width, height int64, scale float64) {
	b.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale})
}

// strict is a policy without exceptions, under which the element has to work.
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// servePage serves the application's page, with a form and a button whose script uses fetch.
func servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", strict)
	_, _ = w.Write([]byte(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Shop</title>
<script type="module" src="/checkpoint/element.js"></script>
<script type="module" src="/shop.js"></script>
</head>
<body>
<main>
<h1>Shop</h1>
<postern-checkpoint>
<form method="post" action="/pay">
<p><label>Payee <input name="payee" id="payee" value="ACME"></label></p>
<p><label>Amount <input name="amount" id="amount" value="5"></label></p>
<button id="form">Pay</button>
</form>
</postern-checkpoint>
<p><button id="fetch">Pay in the background</button></p>
<p id="result" role="status"></p>
</main>
</body>
</html>
`))
}

func serveShopScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript")
	_, _ = w.Write([]byte(`
const value = (id) => document.getElementById(id).value
const result = document.getElementById('result')
window.pay = async (options = {}) => {
	result.textContent = ''
	try {
		const body = new URLSearchParams({payee: value('payee'), amount: value('amount')})
		const response = await fetch(window.payPath ?? '/pay', {method: 'POST', body, ...options})
		result.textContent = response.status + ' ' + await response.text()
	} catch (error) {
		result.textContent = String(error)
	}
}
document.getElementById('fetch').addEventListener('click', () => pay())
// In a frame, the page does what its fragment says, and reports whether the dialog opens.
if (parent !== window) {
	const dialog = document.querySelector('postern-checkpoint').shadowRoot.querySelector('dialog')
	const report = () => parent.postMessage('dialog: ' + dialog.open + ' ' + result.textContent.slice(0, 3), '*')
	new MutationObserver(report).observe(dialog, {attributes: true, attributeFilter: ['open']})
	new MutationObserver(() => result.textContent && report()).observe(result, {childList: true})
	setTimeout(() => document.getElementById(location.hash.slice(1)).click())
}
`))
}
