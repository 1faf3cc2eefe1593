package invoices_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/posternsql/postern/internal/testbrowser"
)

// images is where the documentation has them.
const images = "../../docs/images"

var update = flag.Bool("update", false, "write the images of the documentation")

// TestScreenshotsOfTheDocumentation takes the pictures of this page that the documentation shows. With -update it
// writes them.
func TestScreenshotsOfTheDocumentation(t *testing.T) {
	site, _ := open(t)
	b := openTab(t)
	for _, set := range []func() error{
		func() error {
			_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 860, Height: 660, DeviceScaleFactor: 1})
			return err
		},
		func() error {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}},
			})
			return err
		},
	} {
		if err := set(); err != nil {
			t.Fatal(err)
		}
	}
	b.do(chromedp.Navigate(site.URL))
	b.signIn("ALICE")
	b.click("INV-1041")
	b.approve("Invoice INV-1041 of Nordic Paper over 1840.00 approved")
	b.until("document.body.innerText.includes('approved by ALICE')")
	testbrowser.Picture(t, b.ctx, images, "invoices-list", *update)

	b.click("INV-1042")
	b.until(fmt.Sprintf("%s.open && %s.querySelector('#message').innerText !== ''", dialog, dialog))
	b.until("(" + dialog + ".querySelector('#left').textContent = '4:59', true)") // differs each time
	testbrowser.Picture(t, b.ctx, images, "invoices-dialog", *update)
	b.later(dialog + ".querySelector('[part~=cancel]').click()")
	b.until("!" + dialog + ".open")

	b.click("app")
	b.approve("Authenticator app enrolled")
	b.until("document.querySelector('postern-checkpoint').shadowRoot.querySelector('#totp')?.open ?? false")
	testbrowser.Picture(t, b.ctx, images, "invoices-app", *update)
}
