package event

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers a query for any name with the addresses that answer returns for the query's number, from 0 on.
// Clients must forget the addresses at once. It returns a resolver that asks this server.
func nameServer(t *testing.T, answer func(number int64) []string) *net.Resolver {
	t.Helper()
	connection, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	var asked atomic.Int64
	go func() {
		packet := make([]byte, 512)
		for {
			length, from, err := connection.ReadFrom(packet)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if err := message.Unpack(packet[:length]); err != nil || len(message.Questions) != 1 {
				continue
			}
			question := message.Questions[0]
			reply := dnsmessage.Message{
				Header:    dnsmessage.Header{ID: message.ID, Response: true, Authoritative: true, RecursionAvailable: true},
				Questions: message.Questions,
			}
			if question.Type == dnsmessage.TypeA {
				for _, address := range answer(asked.Add(1) - 1) {
					reply.Answers = append(reply.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: question.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(address).As4()},
					})
				}
			}
			packed, err := reply.Pack()
			if err == nil {
				_, _ = connection.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", connection.LocalAddr().String())
	}}
}

// A name stands for an outside address when it is checked, and for an inside address when the connection is made.
func TestRebindingReachesNothingInside(t *testing.T) {
	const name, outside = "hooks.rebinding.example", "93.184.216.34"
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inside.Close()
	url := "http://" + name + inside.URL[strings.LastIndexByte(inside.URL, ':'):]
	event, parameters := anEvent("paid", "")
	inTurns := func(number int64) []string {
		if number%2 == 0 {
			return []string{outside}
		}
		return []string{"127.0.0.1"}
	}

	resolver := nameServer(t, inTurns)
	found, err := resolver.LookupNetIP(t.Context(), "ip4", name)
	if err != nil || len(found) != 1 || newGuard().SafeAddr(found[0]) != nil {
		t.Fatalf("the name stands for %s, want an outside address; error: %v", found, err)
	}
	naive := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext}}
	if _, err := naive.Post(url, "", nil); err != nil || reached.Load() != 1 {
		t.Fatalf("the naive version withstood: %v", err)
	}

	for what, answer := range map[string]func(int64) []string{
		"in turns": inTurns,
		"both":     func(int64) []string { return []string{outside, "127.0.0.1", "169.254.169.254", "10.0.0.1"} },
	} {
		dialer := newDialer(false)
		dialer.Resolver = nameServer(t, answer)
		guarded, passed := dialer.Control, []string{}
		dialer.Control = func(network, address string, connection syscall.RawConn) error {
			if err := guarded(network, address, connection); err != nil {
				return err
			}
			passed = append(passed, address)
			return errors.New("this test connects to nobody outside")
		}
		client := newClient(false, 1)
		client.Transport.(*http.Transport).DialContext = dialer.DialContext
		made := &webhook{client: client, url: url, signers: hook(t, "https://example.com", false).signers}
		for number := range 4 {
			err := made.send(t.Context(), event, parameters)
			if err == nil || what == "in turns" && errors.Is(err, errInternal) != (number%2 == 1) {
				t.Errorf("%s, attempt %d: got %v, want an error", what, number, err)
			}
		}
		if reached.Load() != 1 {
			t.Errorf("%s: inside was reached", what)
		}
		if len(passed) == 0 || slices.ContainsFunc(passed, func(address string) bool { return !strings.HasPrefix(address, outside+":") }) {
			t.Errorf("%s: the dialer connected to %q", what, passed)
		}
	}
}

// No answer can keep a worker busy: neither one without an end, nor one that arrives slowly.
func TestEndlessAnswersAreCutOff(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("Content-Encoding", "gzip")
		for request.Context().Err() == nil {
			if _, err := response.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer receiver.Close()
	event, parameters := anEvent("paid", "")
	if err := hook(t, receiver.URL, true).send(t.Context(), event, parameters); err != nil {
		t.Error(err)
	}
	headers := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		for range 2000 {
			response.Header().Add("X-Filler", strings.Repeat("x", 100))
		}
	}))
	defer headers.Close()
	if err := hook(t, headers.URL, true).send(t.Context(), event, parameters); err == nil {
		t.Error("headers of 200 kB were read")
	}
}
