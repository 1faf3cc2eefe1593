package demo_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/demo"
	"github.com/posternsql/postern/internal/testbuffer"
)

// The page asks for an approval, and it ends with the demo.
func TestWebServesThePageUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out testbuffer.Buffer
	var made pins
	ended := make(chan error, 1)
	go func() { ended <- demo.Web(ctx, demo.Options{Out: &out, OnProgress: func(string) {}}, made.next()) }()
	var address string
	for address == "" {
		select {
		case err := <-ended:
			t.Fatalf("the demo ended: %v\n%s", err, out.String())
		case <-time.After(10 * time.Millisecond):
			address = regexp.MustCompile(`http://localhost:[0-9]+/`).FindString(out.String())
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	post := func(path string, form url.Values) (int, string) {
		t.Helper()
		response, err := client.PostForm(address+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	if status, page := post("sign-in", url.Values{"user": {"ALICE"}}); status != http.StatusOK || !strings.Contains(page, "INV-6666") {
		t.Errorf("got %d: %s", status, page)
	}
	if status, page := post("approve", url.Values{"no": {"INV-6666"}}); status != http.StatusUnauthorized || !strings.Contains(page, "INVOICE_APPROVE") {
		t.Errorf("got %d: %s", status, page)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if _, err := client.Get(address); err == nil {
		t.Error("the page is still served")
	}
	made.requireAbsent(t, out.String())
}
