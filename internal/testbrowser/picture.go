package testbrowser

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// Picture compares what a tab shows with an image of the documentation by its size, since fonts differ. With update, it
// writes the image. Images is the path of docs/images.
func Picture(t testing.TB, tab context.Context, images, name string, update bool) {
	t.Helper()
	shown, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(images, name+".png")
	if update {
		if err := os.WriteFile(file, shown, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	documented, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.DecodeConfig(bytes.NewReader(documented))
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.DecodeConfig(bytes.NewReader(shown))
	if err != nil {
		t.Fatal(err)
	}
	if got.Width != want.Width || got.Height != want.Height {
		t.Errorf("%s is %d × %d, and the page shows %d × %d: run make screenshots", name, want.Width, want.Height, got.Width, got.Height)
	}
}
