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

// errInternal does not say which address it was: what a name stands for inside is nobody's business outside.
var errInternal = errors.New("the receiver has an internal address; if that is meant, allow the action internal addresses")

// newDialer gives connections to the outside only, unless internal ones are allowed. What is checked is the address that
// is about to be connected to, after the name was resolved, and each time: a name may stand for another address the
// next time.
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

// newGuard knows the special addresses that are registered, and those that clouds have made up.
func newGuard() *ssrf.Guardian {
	return ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(
		netip.MustParsePrefix("168.63.129.16/32"), // Azure's host agent, a public address that leads inside
	))
}

// CheckWebhook tells whether a URL is one that a webhook can be sent to. postern_internal.require_event_receiver asks the same
// in SQL, but for addresses; a test holds them against each other. That the URL resolves to an internal address is found
// when it is sent; here only what is written as an address is looked at.
func CheckWebhook(text string, allowInternal bool) error {
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("this is no URL") // the reason would repeat it, and what is in it may be secret
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
