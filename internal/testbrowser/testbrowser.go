// Package testbrowser starts one Chromium for the tests of a test binary.
package testbrowser

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser is the Chromium of this test binary, which ends with it.
var browser = sync.OnceValues(func() (context.Context, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		allocator, _ := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.NoSandbox, // Chromium refuses its sandbox to root
			chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-gpu", true),
			chromedp.Flag("lang", "en-US"),
		)...)
		ctx, _ := chromedp.NewContext(allocator)
		return ctx, chromedp.Do(ctx)
	}
	return nil, exec.ErrNotFound
})

// Open returns the context of the browser, for tabs. Without a browser it skips the test, and in CI it fails.
func Open(t testing.TB) context.Context {
	t.Helper()
	ctx, err := browser()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs Debian's package chromium: %v", err)
		}
		t.Skipf("not tested, because there is no Chromium (Debian's package chromium): %v", err)
	}
	return ctx
}
