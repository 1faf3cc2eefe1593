package demo

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	// maximumReceived is the maximum in bytes that a receiver accepts.
	maximumReceived = 1 << 20
	// receiverTimeout bounds a connection on which nobody sends anything.
	receiverTimeout = 10 * time.Second
)

// only returns the only thing that has arrived.
func only[T any](arrived chan T) (one T, err error) {
	if count := len(arrived); count != 1 {
		return one, fmt.Errorf("%d messages have arrived, not 1", count)
	}
	return <-arrived, nil
}

// put notes what has arrived if there is room.
func put[T any](arrived chan T, one T) error {
	select {
	case arrived <- one:
		return nil
	default:
		return errors.New("too much has arrived")
	}
}

// webReceiver is a web server that receives webhooks by the Standard Webhooks specification.
type webReceiver struct {
	address string
	arrived chan webhookRequest
	server  *http.Server
	// verifier is nil until the secret is known.
	verifier atomic.Pointer[standardwebhooks.Webhook]
}

// webhookRequest is a request with a valid signature.
type webhookRequest struct {
	header     http.Header
	body, dump string
}

func openWebReceiver() (*webReceiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &webReceiver{address: listener.Addr().String(), arrived: make(chan webhookRequest, 10)}
	r.server = &http.Server{Handler: http.HandlerFunc(r.receive), ReadTimeout: receiverTimeout, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = r.server.Serve(listener) }() // until close
	return r, nil
}

func (r *webReceiver) close() { _ = r.server.Close() }

// expect makes the receiver reject requests that are not signed with this secret. Before that call it rejects all
// requests.
func (r *webReceiver) expect(secret string) error {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		r.verifier.Store(verifier)
	}
	return err
}

func (r *webReceiver) check(header http.Header, body []byte) error {
	verifier := r.verifier.Load()
	if verifier == nil {
		return errors.New("no secret is known yet")
	}
	return verifier.Verify(body, header)
}

func (r *webReceiver) receive(response http.ResponseWriter, request *http.Request) {
	request.Body = http.MaxBytesReader(response, request.Body, maximumReceived)
	dump, err := httputil.DumpRequest(request, true)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(request.Body)
	if err == nil {
		err = r.check(request.Header, body)
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusUnauthorized)
		return
	}
	if err := put(r.arrived, webhookRequest{request.Header, string(body), string(dump)}); err != nil {
		http.Error(response, err.Error(), http.StatusServiceUnavailable)
	}
}

// mailReceiver is a mail server that accepts mail for everybody.
type mailReceiver struct {
	address string
	arrived chan letter
	server  *smtp.Server
}

// letter is a mail and its envelope.
type letter struct{ from, to, content string }

func openMailReceiver() (*mailReceiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &mailReceiver{address: listener.Addr().String(), arrived: make(chan letter, 10)}
	r.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{receiver: r}, nil }))
	r.server.Domain, r.server.MaxMessageBytes = "localhost", maximumReceived
	r.server.ReadTimeout, r.server.WriteTimeout = receiverTimeout, receiverTimeout
	r.server.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = r.server.Serve(listener) }() // until close
	return r, nil
}

func (r *mailReceiver) close() { _ = r.server.Close() }

// mailSession is one connection to the mail server.
type mailSession struct {
	receiver *mailReceiver
	letter   letter
}

// Mail begins a mail.
func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.letter = letter{from: from}
	return nil
}

// Rcpt names the recipient.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = strings.TrimPrefix(s.letter.to+", "+to, ", ")
	return nil
}

// Data receives the mail itself.
func (s *mailSession) Data(reader io.Reader) error {
	content, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	s.letter.content = string(content)
	return put(s.receiver.arrived, s.letter)
}

// Reset discards a mail that was begun.
func (s *mailSession) Reset() { s.letter = letter{} }

// Logout ends the session.
func (s *mailSession) Logout() error { return nil }
