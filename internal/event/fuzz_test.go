package event

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The URL of a server for mails either names a host and an address, or is refused without its password.
func FuzzParseSMTP(f *testing.F) {
	for _, text := range []string{
		"smtp://mail.example.com", "smtps://user:secret-word@mail.example.com:465?from=a@example.com",
		"smtp://user:secret-word@localhost?starttls=none", "smtp://user:secret-word@[::1]:99999?from=x", "smtp://%zz:secret-word@h",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		server, err := ParseSMTP(text)
		if err == nil {
			if server.host == "" || server.from == "" || strings.ContainsAny(server.from, "\r\n") {
				t.Errorf("%q is read as host %q, from %q", text, server.host, server.from)
			}
			return
		}
		if parsed, failed := url.Parse(text); failed == nil {
			if password, given := parsed.User.Password(); given && len(password) > 8 && strings.Contains(err.Error(), password) {
				t.Errorf("the error of %q has the password: %v", text, err)
			}
		}
	})
}

// A template that is accepted renders every event, and its text is bounded.
func FuzzParseTemplate(f *testing.F) {
	for _, text := range []string{
		"{{.message}}", "{{if eq .gate_id \"APP_PAY\"}}{{json .userid}}{{else}}{{html .comment | upper}}{{end}}",
		"{{range .message}}x{{end}}", "{{define \"a\"}}{{end}}", "{{.message.x}}", "{{raw .log_id}}", "{{and .asked (not .asked)}}",
		"{{lt .log_id 5}}", "{{urlquery .event_time}}", "{{/* a */}}x", "{{len .message}}", "{{print 1}}",
	} {
		f.Add(text, "ALICE")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		template, err := ParseTemplate(text)
		if err != nil {
			return
		}
		event := &delivery{Message: value, UserID: value, Comment: value, EventTime: &time.Time{}}
		if rendered, err := template.render(event.parameters()); err == nil && len(rendered) > maximumText {
			t.Errorf("%q renders %d bytes", text, len(rendered))
		}
	})
}
