package event

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errInternal does not name the address, because outsiders must not learn what a name stands for inside.
var errInternal = errors.New("the receiver has an internal address; if that is meant, allow the action internal addresses")

// newDialer connects only to addresses outside, unless internal ones are allowed. It checks the address after the name
// was resolved, just before each connection, because a name may have another address the next time.
func newDialer(allowInternal bool) *net.Dialer {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if allowInternal {
		return dialer
	}
	guard := newGuard()
	dialer.Control = func(network, address string, connection syscall.RawConn) error {
		if err := guard.Safe(network, address, connection); err != nil {
			return errInternal
		}
		return nil
	}
	return dialer
}

// newGuard refuses the registered special addresses, and those that clouds use without registration.
func newGuard() *ssrf.Guardian {
	return ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(
		netip.MustParsePrefix("168.63.129.16/32"), // Azure's host agent: a public address that leads inside
	))
}

// CheckWebhook checks whether a webhook can be sent to a URL. postern_internal.require_event_receiver checks the same
// in SQL, except addresses; a test compares the two. CheckWebhook looks only at addresses that are written as such. A
// name that resolves to an internal address is found when the webhook is sent.
func CheckWebhook(text string, allowInternal bool) error {
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("this is not a URL") // the reason would repeat the URL, which may hold a secret
	case parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || parsed.Hostname() == "":
		return errors.New("the URL must begin with https:// or http:// and a host")
	case parsed.User != nil:
		return errors.New("the URL must not have a user name or a password: webhooks are signed")
	case parsed.Fragment != "":
		return errors.New("the URL must not have a fragment (#…)")
	case allowInternal:
		return nil
	case parsed.Scheme != "https":
		return errors.New("a webhook that leaves your network must use https; http is for actions that may go to internal addresses")
	}
	if address, err := netip.ParseAddr(parsed.Hostname()); err == nil {
		if err := newGuard().SafeAddr(address); err != nil {
			return fmt.Errorf("%w (%s)", errInternal, address)
		}
	}
	return nil
}
