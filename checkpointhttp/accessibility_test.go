package checkpointhttp_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"golang.org/x/text/language"

	"github.com/posternsql/postern"
)

// axe is the source of axe-core, which checks a page for barriers.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("element/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs axe-core, from npm ci in checkpointhttp/element: %v", err)
		}
		t.Skipf("not tested, because there is no axe-core (npm ci in checkpointhttp/element): %v", err)
	}
	return string(source)
}

// barriers returns what axe-core finds on the page as it is now.
func (b *tab) barriers(source string) string {
	b.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](source + "; undefined"))
	return evaluate[string](b, `axe.run(document, {resultTypes: ['violations']}).then((found) =>
		found.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')).join('\n'))`)
}

// overflows says what of the dialog is outside the window, or behind a scroll bar to the side.
func (b *tab) overflows() string {
	b.Helper()
	return evaluate[string](b, `(() => {
		const dialog = document.querySelector('postern-checkpoint').shadowRoot.querySelector('dialog')
		const box = dialog.getBoundingClientRect()
		if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) return JSON.stringify(box)
		if (dialog.scrollWidth > dialog.clientWidth) return dialog.scrollWidth + ' in ' + dialog.clientWidth
		return [...dialog.querySelectorAll('*')].filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0 &&
			getComputedStyle(node).display !== 'inline' && !['INPUT', 'SELECT'].includes(node.tagName)).map((node) => node.tagName).join()
	})()`)
}

// windows are sizes in which everything has to be readable: a desktop, a small phone, and a zoom of 200 % and 400 %.
var windows = map[string]struct {
	width, height int64
	scale         float64
}{
	"desktop": {1280, 720, 1}, "320 px": {320, 568, 1}, "200 %": {640, 360, 2}, "400 %": {320, 256, 4},
}

// requireAccessible checks the page in both themes, and the dialog in all windows.
func (b *tab) requireAccessible(source, state string) {
	b.Helper()
	for _, theme := range []string{"light", "dark"} {
		b.emulate("prefers-color-scheme", theme)
		if found := b.barriers(source); found != "" {
			b.Errorf("%s, %s: %s", state, theme, found)
		}
	}
	for name, window := range windows {
		b.resize(window.width, window.height, window.scale)
		if outside := b.overflows(); outside != "" {
			b.Errorf("%s, %s: %s", state, name, outside)
		}
	}
	b.resize(1280, 720, 1)
}

func TestDialogHasNoBarriers(t *testing.T) {
	source := axe(t)
	s := openShop(t)
	s.exec(t, "select postern.set_setting('comment_required', 'true')")
	b := s.openTab(t, "ALICE", "ERR_INTERNET_DISCONNECTED")
	long := strings.Repeat("Wasserwerk", 12)
	evaluate[bool](b, fmt.Sprintf("(document.getElementById('payee').value = %q, true)", long))
	b.click("#fetch")
	message := "5 paid to " + long
	b.asked(message)
	// A check that cannot fail is no check.
	evaluate[bool](b, `(document.querySelector('postern-checkpoint').shadowRoot.querySelector('[for=pin]').style.display = 'none', true)`)
	if found := b.barriers(source); !strings.Contains(found, "label") {
		t.Errorf("without a label axe-core finds %s", found)
	}
	evaluate[bool](b, `(document.querySelector('postern-checkpoint').shadowRoot.querySelector('[for=pin]').style.display = '', true)`)
	b.requireAccessible(source, "question")
	b.click("#comment")
	b.enter("as ordered")
	b.answer(typo)
	b.refused("is wrong")
	b.requireAccessible(source, "wrong PIN")
	b.offline(true)
	b.answer(pinOfAlice)
	b.refused("no connection")
	b.requireAccessible(source, "offline")
	b.offline(false)
	b.signIn("")
	b.answer(pinOfAlice)
	b.refused("You are not signed in.")
	b.requireAccessible(source, "end")
	b.click("[part~=cancel]")
	b.shows("401")
	b.requireAccessible(source, "page") // the dialog is closed
}

func TestDialogFromRightToLeft(t *testing.T) {
	source := axe(t)
	s := openShop(t)
	catalog := postern.Words()
	for key, text := range map[string]string{
		"dialog.ok": "موافق", "dialog.cancel": "إلغاء", "dialog.username": "اسم المستخدم", "dialog.comment": "تعليق", "dialog.time_left": "الوقت المتبقي",
	} {
		if err := catalog.SetString(language.Arabic, key, text); err != nil {
			t.Fatal(err)
		}
	}
	s.checkpoints.Words = catalog
	b := s.emptyTab(t)
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: map[string]any{"Accept-Language": "ar"}})
	b.signIn("ALICE")
	b.open("/")
	b.click("#form")
	v := b.asked("5 paid to ACME")
	if v.Lang != "ar" || v.Dir != "rtl" || v.Cancel != "إلغاء" {
		t.Errorf("the dialog shows %+v", v)
	}
	if left := evaluate[bool](b, `(() => {
		const find = (part) => document.querySelector('postern-checkpoint').shadowRoot.querySelector('[part~=' + part + ']').getBoundingClientRect().x
		return find('cancel') < find('ok')
	})()`); !left {
		t.Error("OK is not to the right of Cancel")
	}
	b.requireAccessible(source, "right to left")
}

// The page without the element is checked too.
func TestPageHasNoBarriers(t *testing.T) {
	source := axe(t)
	s := openShop(t)
	b := s.emptyTab(t)
	b.signIn("ALICE")
	b.open("/")
	evaluate[bool](b, "(setTimeout(() => document.querySelector('form').submit()), true)") // as without JavaScript
	b.do(chromedp.WaitVisible(chromedp.CSS("#pin")))
	check := func(state string) {
		t.Helper()
		for _, theme := range []string{"light", "dark"} {
			b.emulate("prefers-color-scheme", theme)
			if found := b.barriers(source); found != "" {
				t.Errorf("%s, %s: %s", state, theme, found)
			}
		}
		b.resize(320, 568, 1)
		if wide := evaluate[bool](b, "document.documentElement.scrollWidth > innerWidth"); wide {
			t.Errorf("%s: the page is too wide", state)
		}
		b.resize(1280, 720, 1)
	}
	check("question")
	b.do(chromedp.SendKeys(chromedp.CSS("#pin"), typo), chromedp.Click(chromedp.CSS("button[value=ok]")), chromedp.WaitVisible(chromedp.CSS(".refusal")))
	check("wrong PIN")
	b.do(chromedp.Click(chromedp.CSS("button[value=cancel]")), chromedp.WaitNotPresent(chromedp.CSS("#pin")), chromedp.WaitVisible(chromedp.CSS("main a")))
	check("end")
	b.open("/checkpoint/pin")
	check("change of the PIN")
	s.withApps(t)
	b.open("/checkpoint/totp")
	check("beginning of an app")
	b.do(chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("#pin")))
	b.do(chromedp.SendKeys(chromedp.CSS("#pin"), pinOfAlice), chromedp.Click(chromedp.CSS("button[value=ok]")), chromedp.WaitVisible(chromedp.CSS("svg")))
	check("secret of an app")
}
