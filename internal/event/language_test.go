package event

import (
	"strings"
	"testing"
	"time"
)

func parametersOf(t *testing.T) map[string]any {
	t.Helper()
	moment := time.Date(2026, 3, 31, 14, 30, 0, 0, time.FixedZone("CEST", 7200))
	return (&delivery{
		LogID: 7, Event: "SECURITY_CHECKPOINT_SUCCESS", EventTime: &moment, UserID: "ALICE", UserDescription: "Alice", AuthenticatedBy: "ALICE",
		GateID: "SINWOF_APPROVE", Message: `Invoice "4711" of Acme approved`, Comment: "checked",
	}).parameters()
}

func administration(changes ...string) *delivery {
	return &delivery{
		LogID: 8, Event: "SECURITY_ADMINISTRATION", EventTime: &time.Time{}, GateID: "POSTERN_ADMINISTRATION",
		Message: "gate APP_PAY changed: active true → false (and 24 more)", SessionRole: "dora", ApplicationName: "psql",
		Kinds: []string{"gate", "setting"}, Changes: changes, ChangeCount: 25,
	}
}

func TestChangesOfTheAdministrationAreListed(t *testing.T) {
	parameters := administration("gate APP_PAY changed: active true → false", "setting \nforged: x").parameters()
	for text, want := range map[string]string{
		`{{.session_role}}: {{.changes}}`: `dora: gate APP_PAY changed: active true → false; setting \nforged: x`,
		"{{lines .changes}}{{.kinds}}":    "- gate APP_PAY changed: active true → false\n- setting \\nforged: x\ngate; setting",
		`{"text": {{json (lines .kinds)}}, "all": {{json .changes}}, "raw": {{json (raw .changes)}}}`: `{"text": "- gate\n- setting\n", ` +
			`"all": ["gate APP_PAY changed: active true → false","setting \\nforged: x"], "raw": ["gate APP_PAY changed: active true → false","setting \nforged: x"]}`,
		`{{if gt .change_count 20}}{{.change_count | html}}{{end}}`: `25`,
	} {
		template, err := ParseTemplate(text)
		if err != nil {
			t.Errorf("the template %s is refused: %v", text, err)
			continue
		}
		if got, err := template.render(parameters); err != nil || got != want {
			t.Errorf("the template %s makes\n%s\nwant\n%s\nerror: %v", text, got, want, err)
		}
	}
	for text, want := range map[string]bool{`"gate" in kinds`: true, `"user" in kinds or change_count > 100`: false, `session_role == "dora"`: true, `len(changes) == 2`: true} {
		condition, err := CompileCondition(text)
		if err != nil {
			t.Errorf("the condition %s is refused: %v", text, err)
			continue
		}
		if got, err := condition.holds(parameters); err != nil || got != want {
			t.Errorf("the condition %s is %v, want %v; error: %v", text, got, want, err)
		}
	}
}

func TestConditions(t *testing.T) {
	for text, want := range map[string]bool{
		`gate_id == "SINWOF_APPROVE"`:                       true,
		`gate_id == "sinwof_approve"`:                       false,
		`lower(gate_id) startsWith "sinwof_"`:               true,
		`message contains "Acme" and not (userid in ["X"])`: true,
		`message matches "^Invoice .[0-9]+. of"`:            true,
		`log_id > 6 && log_id < 8`:                          true,
		`len(comment) == 0`:                                 false,
		`event_time >= "2026-03-31T12:30:00Z"`:              true,
		`userid != authenticated_by ? true : comment == ""`: false,
	} {
		condition, err := CompileCondition(text)
		if err != nil {
			t.Errorf("the condition %s is refused: %v", text, err)
			continue
		}
		if got, err := condition.holds(parametersOf(t)); err != nil || got != want {
			t.Errorf("the condition %s is %v, want %v; error: %v", text, got, want, err)
		}
	}
}

// A condition that has a loop, uses an unknown name, or is neither true nor false is refused when it is added.
func TestUnsafeConditionsAreRefused(t *testing.T) {
	for _, text := range []string{
		``, `log_id`, `"true"`, `gateid == "X"`, `gate_id == 7`, `secret == ""`, `$env == nil`, `$env["gate_id"] == ""`,
		`any(1..1000000000, any(1..1000000000, # == 0))`, `all([1, 2], # > 0)`, `len(filter(1..100, true)) > 1`, `count(1..9, true) > 0`,
		`1 in 1..1000000000`, `repeat("x", 1000000000) == ""`, `now() == now()`, `sort([1]) == []`, `toJSON(gate_id) == ""`,
		`fromBase64(comment) == ""`, `let x = "a"; x == x`, `message + message == ""`, `message.length == 1`, `changes[0] == ""`, `any(changes, true)`, `message[0:1] == "I"`,
		`get({"a": 1}, "a") == 1`, `reduce(1..9, #acc + #, 0) > 0`, `userid matches "("`, `(1..9 | len()) > 1`,
		strings.Repeat(`gate_id == "X" or `, 300) + `true`, `gate_id == "X"; drop`,
	} {
		if _, err := CompileCondition(text); err == nil {
			t.Errorf("the unsafe condition %.80s is accepted", text)
		}
	}
}

// Anybody's comment may be matched against a pattern. The time grows only with the length of the text.
func TestPatternsAreQuick(t *testing.T) {
	condition, err := CompileCondition(`comment matches "^(a+)+$" or comment matches "(a|a)*b"`)
	if err != nil {
		t.Fatal(err)
	}
	parameters := parametersOf(t)
	parameters["comment"] = strings.Repeat("a", 2000) + "!"
	began := time.Now()
	if holds, err := condition.holds(parameters); holds || err != nil {
		t.Errorf("the pattern matches: %v; error: %v", holds, err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the condition took %s", took)
	}
}

func TestTemplates(t *testing.T) {
	for text, want := range map[string]string{
		`{{.userid}} at {{.gate_id}}`:                                    `ALICE at SINWOF_APPROVE`,
		`{"text": {{json .message}}}`:                                    `{"text": "Invoice \"4711\" of Acme approved"}`,
		`{{if eq .gate_id "X"}}x{{else if .comment}}{{.comment}}{{end}}`: `checked`,
		`{{.message | upper | html}}`:                                    `INVOICE &#34;4711&#34; OF ACME APPROVED`,
		`{{/* nothing */}}{{.event_time}} {{.log_id}}`:                   `2026-03-31T12:30:00Z 7`,
	} {
		template, err := ParseTemplate(text)
		if err != nil {
			t.Errorf("the template %s is refused: %v", text, err)
			continue
		}
		if got, err := template.render(parametersOf(t)); err != nil || got != want {
			t.Errorf("the template %s makes %q, want %q; error: %v", text, got, want, err)
		}
	}
}

// A template cannot run for ever, use much memory, use an unknown name, or reach anything but parameters.
func TestUnsafeTemplatesAreRefused(t *testing.T) {
	for _, text := range []string{
		``, `{{.secret}}`, `{{.Message}}`, `{{.message.x}}`, `{{.}}`, `{{$}}`, `{{$x := 1}}`, `{{range 1000000000}}{{end}}`,
		`{{range $i := .log_id}}{{end}}`, `{{printf "%1000000000d" 1}}`, `{{print .message}}`, `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		`{{block "a" .}}{{end}}`, `{{with .message}}{{.}}{{end}}`, `{{call .message}}`, `{{index .message 0}}`, `{{slice .message 1}}`, `{{env "HOME"}}`,
		`{{(printf "%s" .message)}}`, `{{if (index .message 0)}}{{end}}`, `{{if true}}{{range 9}}{{end}}{{end}}`, `{{.message`, `{{break}}`,
		`{{js .message}}`, `{{lines .message}}`, `{{index .changes 0}}`, `{{range .changes}}{{.}}{{end}}`, `{{eq .message}}`, `{{lt .message 1}}`,
		"{{.message" + strings.Repeat("|json", 60) + "}}", "{{.message" + strings.Repeat("|html", 10_000) + "}}", strings.Repeat("{{.message}}", 1000),
		"{{" + strings.Repeat("html (", 1000) + ".message" + strings.Repeat(")", 1000) + "}}",
	} {
		if _, err := ParseTemplate(text); err == nil {
			t.Errorf("the unsafe template %s is accepted", text)
		}
	}
}

func TestTextOfATemplateIsBounded(t *testing.T) {
	template, err := ParseTemplate(strings.Repeat("{{.message}}", 500))
	if err != nil {
		t.Fatal(err)
	}
	parameters := parametersOf(t)
	parameters["message"] = strings.Repeat("x", 20_000)
	if _, err := template.render(parameters); err == nil {
		t.Error("ten megabytes are accepted")
	}
	template, err = ParseTemplate("{{if .message}}{{.message" + strings.Repeat("|json", 60) + "}}{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.render(parameters); err == nil {
		t.Error("the JSON of JSON of JSON … is accepted")
	}
}

func TestRetriesGoOnForHours(t *testing.T) {
	var total, last time.Duration
	for attempt := 1; attempt < 15; attempt++ {
		delay := retryDelay(attempt)
		if delay < last/2 || delay > 75*time.Minute {
			t.Errorf("after attempt %d it waits %s, after %s before", attempt, delay, last)
		}
		total, last = total+delay, delay
	}
	if total < 3*time.Hour || total > 8*time.Hour {
		t.Errorf("15 attempts take %s", total)
	}
	if retryDelay(1) > 10*time.Second || retryDelay(1<<30) > 75*time.Minute {
		t.Error("the ends are wrong")
	}
}
