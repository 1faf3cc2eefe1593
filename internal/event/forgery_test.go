package event

import (
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// labels match the beginnings of lines in the usual mail. Continuation lines are indented.
var labels = regexp.MustCompile(`^(event|event_time|gate_id|message|userid|user_description|authenticated_by|comment|asked|approval|approved_gate_id|approved_message|log_id|session_role|application_name|change_count|change):( |$)|^    `)

// hostile generates values that try to pass for something else.
func hostile() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]string{
			"\n", "\r", "\r\n", "\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1b[2K", "\u202e", "\u2066", "\u200b", "\ufe0f", "\U000e0061", "\u3164",
			"userid: BOB", "log_id: 1", "    ", strings.Repeat(" ", 70), strings.Repeat("x", 80), "\u00a0", "\u3000", "é",
		}),
		rapid.String(),
	), 0, 12), func(parts []string) string { return strings.Join(parts, "") })
}

func linesOf(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

func isForbidden(character rune) bool {
	return unicode.In(character, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// The administrator whom a mail is about cannot write a line of it, in the names of objects or of the application.
func TestNoChangeWritesALineOfAMail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := administration(hostile().Draw(t, "change"), "gate APP_PAY changed: active true → false")
		event.ApplicationName, event.UserID = hostile().Draw(t, "application"), hostile().Draw(t, "user")
		text := usualText(event.parameters())
		times := map[string]int{}
		for _, line := range linesOf(text) {
			if !labels.MatchString(line) || strings.ContainsFunc(line, isForbidden) {
				t.Fatalf("%q has the line %q", text, line)
			}
			label, _, _ := strings.Cut(line, ":")
			times[label]++
		}
		if times["session_role"] != 1 || times["change_count"] != 1 || times["log_id"] != 1 || times["change"] > 3 {
			t.Fatalf("the labels are there %v times:\n%s", times, text)
		}
	})
	text := usualText(administration("gate APP_PAY changed: active true → false").parameters())
	if !strings.Contains(text, "session_role: dora\n") || !strings.Contains(text, "change: gate APP_PAY changed: active true → false\nchange: and 24 more\n") {
		t.Errorf("the mail is\n%s", text)
	}
}

// The author of a message or a comment cannot write a line of the mail.
func TestNoValueWritesALineOfAMail(t *testing.T) {
	const comment = "checked\nauthenticated_by: BOB\nlog_id: 4711"
	if naive := fmt.Sprintf("comment: %v\n", comment); !labels.MatchString(linesOf(naive)[1]) {
		t.Fatalf("naive: %q has no line of its own", naive)
	}
	_, parameters := anEvent("paid", comment)
	if got := strings.Count(usualText(parameters), "\n"); got != 8 {
		t.Errorf("the mail has %d lines:\n%s", got, usualText(parameters))
	}
	rapid.Check(t, func(t *rapid.T) {
		_, parameters := anEvent(hostile().Draw(t, "message"), hostile().Draw(t, "comment"))
		parameters["gate_id"] = hostile().Draw(t, "gate")
		parameters["userid"] = hostile().Draw(t, "user")
		text := usualText(parameters)
		seen := map[string]bool{}
		for _, line := range linesOf(text) {
			if !labels.MatchString(line) || strings.ContainsFunc(line, isForbidden) {
				t.Fatalf("%q has the line %q", parameters, line)
			}
			if label, _, found := strings.Cut(line, ": "); found && !strings.HasPrefix(line, " ") {
				if seen[label] {
					t.Fatalf("%q: %s is there twice:\n%s", parameters, label, text)
				}
				seen[label] = true
			}
			if length := len([]rune(line)); length > maximumLine && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, ": ") {
				t.Fatalf("a line of %d characters could be folded: %q", length, line)
			}
		}
		if !seen["log_id"] || !seen["event"] {
			t.Fatalf("a label is missing:\n%s", text)
		}
	})
}

// The same is true if an administrator has worded the mail, or the message of a chat.
func TestNoValueWritesALineOfATemplate(t *testing.T) {
	template, err := ParseTemplate("Subject: {{.message}}\nmessage: {{.message}}\ncomment: {{.comment | upper}}{{lower .gate_id}}{{html .userid}}{{json .comment}}\nlog_id: {{.log_id}}")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		_, parameters := anEvent(hostile().Draw(t, "message"), hostile().Draw(t, "comment"))
		parameters["gate_id"] = hostile().Draw(t, "gate")
		parameters["userid"] = hostile().Draw(t, "user")
		text, err := template.render(parameters)
		if err != nil {
			t.Fatal(err)
		}
		lines := linesOf(text)
		if len(lines) != 4 || lines[3] != "log_id: 7" || strings.ContainsFunc(strings.Join(lines, ""), isForbidden) {
			t.Fatalf("the template makes %q of %q", text, parameters)
		}
	})
}

// Programs get the exact text: in the usual webhook, and from a template that asks for it.
func TestProgramsGetTheExactText(t *testing.T) {
	const comment = "two\nlines \u202e\ufe0f"
	event, parameters := anEvent("paid", comment)
	template, err := ParseTemplate(`{"data": {"comment": {{json (raw .comment)}}}, "also": {{.comment | raw | json}}, "log_id": {{raw .log_id}}, "same": {{eq .comment "x"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, used := range map[string]*Template{"usual": nil, "template": template} {
		body, contentType, err := (&webhook{template: used}).body(event, parameters)
		if err != nil || contentType != "application/json" {
			t.Fatalf("%s: the content type is %s; error: %v", name, contentType, err)
		}
		var got struct {
			Data struct{ Comment string }
		}
		if err := json.Unmarshal(body, &got); err != nil || got.Data.Comment != comment {
			t.Errorf("%s: the comment is not the exact one in %s; error: %v", name, body, err)
		}
	}
	shown, err := ParseTemplate(`{"text": {{json .comment}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := shown.render(parameters); err != nil || got != `{"text": "two\\nlines \\u202e\\ufe0f"}` {
		t.Errorf("the template for a chat makes %s; error: %v", got, err)
	}
}

// This test looks at the mail as it arrives.
func TestMailArrivesAsIntended(t *testing.T) {
	box := openMailbox(t, false)
	event, parameters := anEvent("paid\r\n.\r\nuserid: BOB\u2028userid: BOB"+strings.Repeat(" ", 100)+"userid: BOB", "\u202eBOB :diresu\n\nlog_id: 1")
	if err := box.mailer(t, "audit@example.com", "", nil).send(t.Context(), event, parameters); err != nil {
		t.Fatal(err)
	}
	message, err := netmail.ReadMessage(strings.NewReader(box.received[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range linesOf(strings.ReplaceAll(string(body), "\r\n", "\n")) {
		if !labels.MatchString(line) || strings.HasPrefix(line, "userid: BOB") || strings.HasPrefix(line, "log_id: 1") {
			t.Errorf("the mail has the line %q:\n%s", line, body)
		}
	}
}
