package event

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"github.com/posternsql/postern/internal/printable"
)

// SMTP is the server that sends mails.
type SMTP struct {
	host     string
	port     int
	from     string
	username string
	password string
	implicit bool // TLS from the first byte on
	policy   mail.TLSPolicy
	roots    *x509.CertPool // nil for the system's certificates
}

// ParseSMTP reads smtp://[user:password@]host[:port][?from=ADDRESS&starttls=required|opportunistic|none], or smtps://…
// for TLS from the start. STARTTLS is required, except that for a server on this machine it is used only if offered.
// Errors do not repeat the text, because it may hold a password.
func ParseSMTP(text string) (*SMTP, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "smtp" && parsed.Scheme != "smtps" || parsed.Hostname() == "" || strings.Trim(parsed.Path, "/") != "" {
		return nil, errors.New("expected smtp://[user:password@]host[:port], or smtps://…; in user and password write special characters as %XX")
	}
	server := &SMTP{host: parsed.Hostname(), port: 587, implicit: parsed.Scheme == "smtps", username: parsed.User.Username(), policy: mail.TLSMandatory}
	server.password, _ = parsed.User.Password()
	if server.implicit {
		server.port = 465
	}
	if parsed.Port() != "" {
		if server.port, err = strconv.Atoi(parsed.Port()); err != nil {
			return nil, errors.New("the port is not a number")
		}
	}
	local := server.host == "localhost" || net.ParseIP(server.host).IsLoopback()
	options := parsed.Query()
	for name := range options {
		if name != "from" && name != "starttls" {
			return nil, fmt.Errorf("there is no option %q; there are from and starttls", name)
		}
	}
	switch options.Get("starttls") {
	case "":
		if local {
			server.policy = mail.TLSOpportunistic
		}
	case "required":
	case "opportunistic":
		server.policy = mail.TLSOpportunistic
	case "none":
		server.policy = mail.NoTLS
	default:
		return nil, errors.New("starttls is required, opportunistic or none")
	}
	if server.username != "" && server.policy != mail.TLSMandatory && !server.implicit && !local {
		return nil, errors.New("a password is sent only if TLS is required: omit starttls")
	}
	server.from = options.Get("from")
	if server.from == "" {
		hostname, err := os.Hostname()
		if err != nil || hostname == "" {
			return nil, errors.New("this machine has no name to send from: add ?from=ADDRESS")
		}
		server.from = "postern@" + hostname
	}
	if address, err := netmail.ParseAddress(server.from); err != nil || address.Address != server.from {
		return nil, errors.New("from is not a mail address")
	}
	return server, nil
}

// CheckMailAddress checks whether a text is one mail address, without a name.
func CheckMailAddress(text string) error {
	address, err := netmail.ParseAddress(text)
	if err != nil || address.Address != text || strings.ContainsFunc(text, unicode.IsSpace) {
		return errors.New("expected one mail address such as audit@example.com")
	}
	return nil
}

// mailer sends mails to one address.
type mailer struct {
	server   *SMTP
	to       string
	template *Template // nil for the usual text
}

func newMailer(to string, server *SMTP, template *Template) (*mailer, error) {
	return &mailer{server: server, to: to, template: template}, CheckMailAddress(to)
}

func (m *mailer) send(ctx context.Context, event *delivery, parameters map[string]any) error {
	message, err := m.message(event, parameters)
	if err != nil {
		return err
	}
	options := []mail.Option{mail.WithPort(m.server.port), mail.WithTimeout(defaultSendTimeout)}
	if m.server.implicit {
		options = append(options, mail.WithSSL())
	} else {
		options = append(options, mail.WithTLSPolicy(m.server.policy), mail.WithDialContextFunc(dialBounded))
	}
	if m.server.username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.server.username), mail.WithPassword(m.server.password))
	}
	client, err := mail.NewClient(m.server.host, options...)
	if err != nil {
		return permanent("the SMTP server is not usable: %w", err)
	}
	if m.server.roots != nil {
		if err := client.SetTLSConfig(&tls.Config{ServerName: m.server.host, RootCAs: m.server.roots, MinVersion: tls.VersionTLS12}); err != nil {
			return permanent("the SMTP server is not usable: %w", err)
		}
	}
	return client.DialAndSendWithContext(ctx, message)
}

// dialBounded connects to a server whose answers it bounds, because nobody has checked yet who it is.
func dialBounded(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &boundedConnection{connection, maximumAnswer}, nil
}

// boundedConnection fails when the server has sent more than maximumAnswer. Otherwise a line without an end would fill
// the memory.
type boundedConnection struct {
	net.Conn
	left int
}

func (b *boundedConnection) Read(buffer []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("the server said more than %d bytes", maximumAnswer)
	}
	length, err := b.Conn.Read(buffer[:min(len(buffer), b.left)])
	b.left -= length
	return length, err
}

// message builds the mail. A repeated mail has the same Message-ID.
func (m *mailer) message(event *delivery, parameters map[string]any) (*mail.Msg, error) {
	subject := fmt.Sprintf("%s: %s", parameters["event"], event.GateID)
	if event.ChangeCount > 0 {
		subject = fmt.Sprintf("%s: %s", parameters["event"], event.Message)
	}
	body := usualText(parameters)
	if m.template != nil {
		text, err := m.template.render(parameters)
		if err != nil {
			return nil, err
		}
		body = text
		if first, rest, found := strings.Cut(text, "\n"); found {
			if own, isSubject := strings.CutPrefix(first, "Subject:"); isSubject {
				subject, body = own, strings.TrimLeft(rest, "\r\n")
			}
		}
	}
	_, domain, _ := strings.Cut(m.server.from, "@")
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.server.from), message.To(m.to)); err != nil {
		return nil, permanent("the mail's addresses are not usable: %w", err)
	}
	message.SetMessageIDWithValue(event.DeliveryID.String() + "@" + domain)
	message.SetDate()
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.Subject(oneLine(subject))
	message.SetBodyString(mail.TypeTextPlain, body)
	return message, nil
}

// usualText has a line for each parameter and each change, and marks the continuation of long lines.
func usualText(parameters map[string]any) string {
	var text strings.Builder
	line := func(name string, value any) {
		if shown := printable.Text(fmt.Sprint(value)); shown != "" {
			text.WriteString(folded(name+": "+shown) + "\n")
		}
	}
	names := []string{"event", "event_time", "gate_id", "message", "userid", "user_description", "authenticated_by", "comment",
		"asked", "approval", "approved_gate_id", "approved_message", "log_id"}
	changes, count := parameters["changes"].([]string), parameters["change_count"].(int64)
	if count > 0 {
		names = []string{"event", "event_time", "session_role", "userid", "user_description", "application_name", "change_count", "log_id"}
	}
	for _, name := range names {
		line(name, parameters[name])
	}
	for _, change := range changes {
		line("change", change)
	}
	if more := count - int64(len(changes)); more > 0 {
		line("change", fmt.Sprintf("and %d more", more))
	}
	return text.String()
}

// maximumLine is in characters. Mail programs break longer lines themselves. Then a part of a value could stand at the
// beginning of a line, and look like one of Postern's labels.
const maximumLine = 76

// folded breaks a line between words. Continuation lines are indented.
func folded(line string) string {
	var text strings.Builder
	width := 0
	for index, word := range strings.Split(line, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case index == 0:
		case width+1+length > maximumLine:
			text.WriteString("\n    ")
			width = 4
		default:
			text.WriteByte(' ')
			width++
		}
		text.WriteString(word)
		width += length
	}
	return text.String()
}

// maximumSubject is in characters. A gate's message may have thousands.
const maximumSubject = 200

// oneLine makes a header from a text that anybody may have written. The text can neither begin another header nor
// change the direction of writing.
func oneLine(text string) string {
	line := []rune(printable.Text(strings.Join(strings.Fields(text), " ")))
	if len(line) > maximumSubject {
		line = append(line[:maximumSubject-1], '…')
	}
	return string(line)
}
