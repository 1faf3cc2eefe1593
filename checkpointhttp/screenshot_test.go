package checkpointhttp_test

import (
	"flag"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/posternsql/postern/internal/testbrowser"
)

var update = flag.Bool("update", false, "write the images of the documentation")

// TestScreenshotsOfTheDocumentation takes the pictures that the documentation shows. With -update it writes them.
func TestScreenshotsOfTheDocumentation(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	b.resize(560, 640, 1)
	b.emulate("prefers-color-scheme", "light")
	evaluate[bool](b, "(document.getElementById('amount').value = '12500', true)")
	b.click("#form")
	b.asked("12500 paid to ACME")
	b.click("#comment")
	b.enter("as ordered")
	b.click("#pin")
	b.enter("482913")
	b.picture("dialog-question")
	b.emulate("prefers-color-scheme", "dark")
	b.answer(typo)
	b.refused("is wrong")
	b.picture("dialog-wrong-pin")
	b.emulate("prefers-color-scheme", "light")
	for range 3 {
		b.answer(typo)
		b.refused("is wrong")
	}
	b.answer(typo)
	b.refused("too often")
	b.answer(pinOfAlice)
	b.refused("There were too many wrong answers.")
	b.picture("dialog-locked")
	b.click("[part~=cancel]")
	b.shows("Shop")
	evaluate[bool](b, "(setTimeout(() => document.querySelector('form').submit()), true)") // as without JavaScript
	b.do(chromedp.WaitVisible(chromedp.CSS("#pin")))
	b.picture("page-question")
}

// picture takes a picture of the page for the documentation.
func (b *tab) picture(name string) {
	b.Helper()
	// The time that is left differs each time.
	evaluate[bool](b, `((left) => { if (left) left.textContent = '4:59'; return true })(document.querySelector('postern-checkpoint')?.shadowRoot.getElementById('left'))`)
	testbrowser.Picture(b.T, b.ctx, "../docs/images", name, *update)
}
