package event

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is a real SMTP server that keeps its mails.
type mailbox struct {
	mutex    sync.Mutex
	received []string
	to       []string
	secured  []bool
	address  string
	roots    *x509.CertPool
}

type mailSession struct {
	box     *mailbox
	secured bool
}

func (b *mailbox) NewSession(connection *smtp.Conn) (smtp.Session, error) {
	_, secured := connection.TLSConnectionState()
	return &mailSession{b, secured}, nil
}
func (s *mailSession) Reset()                               {}
func (s *mailSession) Logout() error                        { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mutex.Lock()
	defer s.box.mutex.Unlock()
	s.box.to = append(s.box.to, to)
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	}
	return nil
}
func (s *mailSession) Data(reader io.Reader) error {
	content, err := io.ReadAll(reader)
	s.box.mutex.Lock()
	defer s.box.mutex.Unlock()
	s.box.received = append(s.box.received, string(content))
	s.box.secured = append(s.box.secured, s.secured)
	return err
}

func openMailbox(t *testing.T, withTLS bool) *mailbox {
	t.Helper()
	box := &mailbox{roots: x509.NewCertPool()}
	server := smtp.NewServer(box)
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	if withTLS {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		}
		encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(encoded)
		if err != nil {
			t.Fatal(err)
		}
		box.roots.AddCert(certificate)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{encoded}, PrivateKey: key}}}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	box.address = listener.Addr().String()
	return box
}

func (b *mailbox) mailer(t *testing.T, to, options string, template *Template) *mailer {
	t.Helper()
	server, err := ParseSMTP("smtp://" + b.address + "?from=postern@example.com" + options)
	if err != nil {
		t.Fatal(err)
	}
	server.roots = b.roots
	made, err := newMailer(to, server, template)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestMailArrivesByTLSWithTheSameMessageID(t *testing.T) {
	box := openMailbox(t, true)
	made := box.mailer(t, "audit@example.com", "&starttls=required", nil)
	event, parameters := anEvent("Invoice 4711 of Müller approved", "checked")
	for range 2 {
		if err := made.send(t.Context(), event, parameters); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for number, content := range box.received {
		message, err := netmail.ReadMessage(strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		ids[message.Header.Get("Message-ID")] = true
		if !box.secured[number] || message.Header.Get("Subject") != "SECURITY_CHECKPOINT_SUCCESS: APP_PAY" || message.Header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("the mail came by TLS: %v; it is\n%s", box.secured[number], content)
		}
	}
	if len(box.received) != 2 || len(ids) != 1 || !ids["<"+event.DeliveryID.String()+"@example.com>"] {
		t.Errorf("%d mails with the ids %v", len(box.received), ids)
	}
}

// If TLS is required, nothing is sent without it, or to a server whose certificate is not trusted.
func TestMailIsNotSentInTheClear(t *testing.T) {
	event, parameters := anEvent("paid", "")
	plain := openMailbox(t, false)
	if err := plain.mailer(t, "audit@example.com", "&starttls=required", nil).send(t.Context(), event, parameters); err == nil {
		t.Error("a mail was sent without TLS")
	}
	forged := openMailbox(t, true)
	forged.roots = x509.NewCertPool()
	if err := forged.mailer(t, "audit@example.com", "&starttls=required", nil).send(t.Context(), event, parameters); err == nil {
		t.Error("a mail was sent to a server with a certificate of its own")
	}
	if len(plain.received)+len(forged.received) > 0 {
		t.Error("a mail was received")
	}
	// On this machine, TLS is used if it is offered.
	if err := plain.mailer(t, "audit@example.com", "", nil).send(t.Context(), event, parameters); err != nil || len(plain.received) != 1 {
		t.Errorf("%d mails arrived, want 1; error: %v", len(plain.received), err)
	}
	if err := plain.mailer(t, "nobody@example.com", "", nil).send(t.Context(), event, parameters); err == nil || !strings.Contains(err.Error(), "no such mailbox") {
		t.Errorf("a refused address gave %v", err)
	}
}

// A mail server whose line has no end cannot fill the worker's memory.
func TestEndlessMailServerReplyIsCutOff(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	said := make(chan int, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		total, line := 0, []byte(strings.Repeat("220-x", 10_000))
		for err == nil && total < 1<<30 {
			var written int
			written, err = connection.Write(line)
			total += written
		}
		said <- total
	}()
	made := (&mailbox{address: listener.Addr().String()}).mailer(t, "audit@example.com", "", nil)
	event, parameters := anEvent("paid", "")
	if err := made.send(t.Context(), event, parameters); err == nil || !strings.Contains(err.Error(), "said more than") {
		t.Error(err)
	}
	if total := <-said; total > 64<<20 {
		t.Errorf("%d bytes were read", total)
	}
}

// The author of a gate's message or of a comment cannot write headers, recipients or parts.
func TestHeadersCannotBeInjected(t *testing.T) {
	for _, text := range []string{
		"paid\r\nBcc: mallory@example.com\r\n\r\nanother body", "paid\nBcc: mallory@example.com", "paid\rBcc: mallory@example.com",
		"paid\u2028Bcc: mallory@example.com", "paid\u0085Bcc: mallory@example.com", "paid\x00\x0b\x0cBcc: mallory@example.com", "paid\u202eBcc: mallory@example.com",
		"=?utf-8?q?=0D=0ABcc:_mallory@example.com?=", "paid\r\n.\r\nMAIL FROM:<mallory@example.com>", strings.Repeat("long ", 1000),
	} {
		box := openMailbox(t, false)
		template, err := ParseTemplate("Subject: {{.message}} {{.comment}}\n{{.message}}\n")
		if err != nil {
			t.Fatal(err)
		}
		event, parameters := anEvent(text, text)
		event.GateID = text
		for _, used := range []*Template{nil, template} {
			if err := box.mailer(t, "audit@example.com", "", used).send(t.Context(), event, parameters); err != nil {
				t.Errorf("sending %q fails: %v", text, err)
				continue
			}
		}
		if len(box.received) != 2 || len(box.to) != 2 {
			t.Fatalf("for %q there are %d mails, to %q", text, len(box.received), box.to)
		}
		for _, content := range box.received {
			message, err := netmail.ReadMessage(strings.NewReader(content))
			if err != nil {
				t.Fatalf("the mail for %q cannot be read: %v", text, err)
			}
			for name := range message.Header {
				if name == "Bcc" || len(message.Header[name]) > 1 {
					t.Errorf("%q wrote the header %s: %q", text, name, message.Header[name])
				}
			}
			if to := message.Header.Get("To"); to != "<audit@example.com>" {
				t.Errorf("%q: the mail is to %s", text, to)
			}
		}
	}
}

func TestSubjectOfAnAdministrationSaysTheChange(t *testing.T) {
	box := openMailbox(t, false)
	event := administration("gate APP_PAY changed: active true → false")
	if err := box.mailer(t, "audit@example.com", "", nil).send(t.Context(), event, event.parameters()); err != nil {
		t.Fatal(err)
	}
	message, err := netmail.ReadMessage(strings.NewReader(box.received[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if want := "SECURITY_ADMINISTRATION: gate APP_PAY changed: active true → false (and 24 more)"; err != nil || subject != want {
		t.Errorf("the subject is %q, want %q; error: %v", subject, want, err)
	}
}

func TestSMTPServers(t *testing.T) {
	for text, want := range map[string]string{
		"smtp://mail.example.com?from=a@example.com":                            "mail.example.com 587 TLSMandatory false",
		"smtps://user:p%40ss@mail.example.com?from=a@example.com":               "mail.example.com 465 TLSMandatory true",
		"smtp://localhost:25?from=a@example.com":                                "localhost 25 TLSOpportunistic false",
		"smtp://127.0.0.1:25?from=a@example.com&starttls=none":                  "127.0.0.1 25 NoTLS false",
		"smtp://[::1]:2525?from=a@example.com&starttls=required":                "::1 2525 TLSMandatory false",
		"smtp://relay.example.com:25?from=a@example.com&starttls=opportunistic": "relay.example.com 25 TLSOpportunistic false",
	} {
		server, err := ParseSMTP(text)
		if err != nil {
			t.Errorf("%s is refused: %v", text, err)
			continue
		}
		if got := strings.Join([]string{server.host, big.NewInt(int64(server.port)).String(), server.policy.String(), map[bool]string{true: "true", false: "false"}[server.implicit]}, " "); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25", "smtp://u:hush%zz@h", "smtp://h?starttls=maybe", "smtp://h?starttsl=none",
		"smtp://h?from=no-address", "smtp://h?from=A%20%3Ca@example.com%3E", "smtp://h?from=a@example.com%0d%0aBcc:b@example.com",
		"smtp://u:hush@h?from=a@example.com&starttls=opportunistic", "smtp://u:hush@h?from=a@example.com&starttls=none", "smtp://h/path",
	} {
		if _, err := ParseSMTP(text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v, want an error without the password", text, err)
		}
	}
}

func TestMailAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"audit@example.com": true, "a+b@example.com": true, "": false, "audit": false, "A <a@example.com>": false, "a@example.com, b@example.com": false,
		"a@example.com\r\nBcc: b@example.com": false, "<a@example.com>": false, "a@example.com ": false, "\"a b\"@example.com": false,
	} {
		if err := CheckMailAddress(text); (err == nil) != want {
			t.Errorf("%q: got %v, want valid = %v", text, err, want)
		}
	}
}
