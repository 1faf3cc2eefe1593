package event

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/posternsql/postern/internal/query"
	keys "github.com/posternsql/postern/secret"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func hook(t *testing.T, url string, allowInternal bool) *webhook {
	t.Helper()
	made, err := newWebhook(query.EventWorkerAction{Target: url, AllowInternal: allowInternal, Secrets: []keys.Text{secret}}, newClient(allowInternal, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func anEvent(message, comment string) (*delivery, map[string]any) {
	moment := time.Date(2026, 3, 31, 12, 30, 0, 0, time.UTC)
	event := &delivery{DeliveryID: uuid.New(), LogID: 7, Event: "SECURITY_CHECKPOINT_SUCCESS", EventTime: &moment, UserID: "ALICE", GateID: "APP_PAY", Message: message, Comment: comment}
	return event, event.parameters()
}

// Any library for Standard Webhooks accepts the signature, and rejects any change.
func TestWebhooksAreSigned(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var verified, forged error
	var body, id, contentType string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		content, _ := io.ReadAll(request.Body)
		body, id, contentType = string(content), request.Header.Get("webhook-id"), request.Header.Get("Content-Type")
		verified = verifier.Verify(content, request.Header)
		forged = verifier.Verify(append(content, ' '), request.Header)
	}))
	defer receiver.Close()
	event, parameters := anEvent("line\r\nX-Injected: yes \"quoted\" \u2028", "")
	if err := hook(t, receiver.URL, true).send(t.Context(), event, parameters); err != nil {
		t.Fatal(err)
	}
	if verified != nil || forged == nil || id != event.DeliveryID.String() || contentType != "application/json" {
		t.Errorf("verified: %v, forged: %v, id %q, %q", verified, forged, id, contentType)
	}
	if !strings.HasPrefix(body, `{"data":{`) || !strings.Contains(body, `"message":"line\r\nX-Injected: yes \"quoted\" \u2028"`) ||
		!strings.Contains(body, `"type":"SECURITY_CHECKPOINT_SUCCESS"`) || strings.Contains(body, "whsec") {
		t.Error(body)
	}
}

func TestAnswers(t *testing.T) {
	for status, want := range map[int]string{200: "", 204: "", 302: "failed", 400: "failed", 410: "gone", 500: "failed", 503: "failed"} {
		receiver := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
			response.Header().Set("Location", "/elsewhere")
			response.WriteHeader(status)
			_, _ = io.WriteString(response, "the content of an internal page")
		}))
		event, parameters := anEvent("paid", "")
		err := hook(t, receiver.URL, true).send(t.Context(), event, parameters)
		receiver.Close()
		got := ""
		if err != nil {
			got = "failed"
			if permanent := (*permanentError)(nil); errors.As(err, &permanent) {
				got = "dead"
			}
			if gone := (*goneError)(nil); errors.As(err, &gone) {
				got = "gone"
			}
			if strings.Contains(err.Error(), "internal page") || strings.Contains(err.Error(), receiver.URL) {
				t.Errorf("%d: the error tells too much: %v", status, err)
			}
		}
		if got != want {
			t.Errorf("status %d is %q, want %q; error: %v", status, got, want, err)
		}
	}
}

// A webhook follows no redirect, reaches no internal address by a name, and uses no proxy.
func TestWebhooksStayOutside(t *testing.T) {
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inside.Close()
	port := inside.URL[strings.LastIndexByte(inside.URL, ':'):]
	event, parameters := anEvent("paid", "")

	naive := &http.Client{}
	redirecting := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	if _, err := naive.Post(redirecting.URL, "", nil); err != nil || reached.Load() != 1 {
		t.Fatalf("a naive client followed no redirect: %v", err)
	}
	if err := hook(t, redirecting.URL, true).send(t.Context(), event, parameters); err == nil || reached.Load() != 1 {
		t.Errorf("a redirect was followed: %v", err)
	}

	t.Setenv("HTTPS_PROXY", inside.URL)
	t.Setenv("HTTP_PROXY", inside.URL)
	for _, host := range []string{"localhost", "LOCALHOST.", "127.0.0.1.", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]"} {
		made := &webhook{client: newClient(false, 1), url: "https://" + host + port, signers: hook(t, "https://example.com", false).signers}
		if err := made.send(t.Context(), event, parameters); err == nil || reached.Load() != 1 {
			t.Errorf("%s was reached; error: %v", host, err)
		}
		// TLS alone does not refuse it: the connection is never made.
		connection, err := newDialer(false).DialContext(t.Context(), "tcp", host+port)
		if err == nil {
			connection.Close()
			t.Errorf("%s was connected to", host)
		}
	}
	if _, err := newDialer(true).DialContext(t.Context(), "tcp", "localhost"+port); err != nil {
		t.Errorf("an internal address that is allowed was refused: %v", err)
	}
}

func TestSpecialAddressesAreInternal(t *testing.T) {
	guard := newGuard()
	for _, address := range []string{
		"127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
		"2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "3fff::1", "5f00::1",
	} {
		if guard.SafeAddr(netip.MustParseAddr(address)) == nil {
			t.Errorf("%s counts as outside", address)
		}
	}
	for _, address := range []string{"1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111"} {
		if err := guard.SafeAddr(netip.MustParseAddr(address)); err != nil {
			t.Errorf("the outside address %s is refused: %v", address, err)
		}
	}
}

func TestUnsafeURLsAreRefused(t *testing.T) {
	for _, url := range []string{
		"", "example.com", "//example.com", "ftp://example.com", "file:///etc/passwd", "gopher://example.com", "https://", "https://user@example.com",
		"https://user:hush@example.com", "https://example.com/#x", "http://example.com", "https://127.0.0.1", "https://[::1]/", "https://[::ffff:10.1.1.1]/",
		"https://169.254.169.254/latest", "https://exam\nple.com", "https://[fe80::1%25eth0]/", "unix:///tmp/socket",
	} {
		if err := CheckWebhook(url, false); err == nil {
			t.Errorf("the unsafe URL %q is accepted", url)
		} else if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error for %q shows the secret: %v", url, err)
		}
	}
	for _, url := range []string{"https://example.com", "https://example.com:8443/in?token=x", "https://[2606:4700:4700::1111]/"} {
		if err := CheckWebhook(url, false); err != nil {
			t.Errorf("the URL %q is refused: %v", url, err)
		}
	}
}

func TestRetryAfterIsReadAndBounded(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 30, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "1.5": 0, "120": 2 * time.Minute, " 120 ": 2 * time.Minute,
		"86401": 24 * time.Hour, "99999999999999999999999": 24 * time.Hour,
		"Tue, 31 Mar 2026 12:45:00 GMT": 15 * time.Minute, "Tue, 31 Mar 2026 12:15:00 GMT": 0, "Thu, 31 Mar 2036 12:15:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q: got %s, want %s", header, got, want)
		}
	}
}

// During a rotation, receivers with the old secret and receivers with the new one both accept a delivery.
func TestEachSecretSigns(t *testing.T) {
	const other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	verified := map[string]error{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		content, _ := io.ReadAll(request.Body)
		for _, one := range []string{secret, other} {
			verifier, _ := standardwebhooks.NewWebhook(one)
			verified[one] = verifier.Verify(content, request.Header)
		}
	}))
	defer receiver.Close()
	event, parameters := anEvent("Paid", "")
	send := func(secrets ...keys.Text) {
		t.Helper()
		made, err := newWebhook(query.EventWorkerAction{Target: receiver.URL, AllowInternal: true, Secrets: secrets}, newClient(true, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := made.send(t.Context(), event, parameters); err != nil {
			t.Fatal(err)
		}
	}
	if send(secret); verified[secret] != nil || verified[other] == nil {
		t.Errorf("before the rotation, the secrets verify with %v", verified)
	}
	if send(other, secret); verified[secret] != nil || verified[other] != nil {
		t.Errorf("in the overlap: %v", verified)
	}
	if send(other); verified[secret] == nil || verified[other] != nil {
		t.Errorf("after the rotation, the secrets verify with %v", verified)
	}
}
