package postern_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern"
)

func TestEachStateHasItsType(t *testing.T) {
	for code, matches := range map[string]func(error) bool{
		"PS102": is[*postern.Denied],
		"PS103": is[*postern.TicketInvalid],
		"PS104": is[*postern.Locked],
		"PS105": is[*postern.Unhandled],
		"PS106": is[*postern.GateUnknown],
		"PS107": is[*postern.MessageInvalid],
		"PS108": is[*postern.CommentRequired],
		"PS109": is[*postern.CredentialPolicy],
		"PS110": is[*postern.RateLimited],
		"PS201": is[*postern.CompanyNotAuthorized],
		"PS301": is[*postern.RuleInvalid],
		"PS401": is[*postern.SessionMissing],
		"PS402": is[*postern.SessionInvalid],
		"PS501": is[*postern.LogTampered],
	} {
		server := &pgconn.PgError{Code: code, Message: "m", Detail: "d", Hint: "h"}
		cause := fmt.Errorf("approve: %w", server)
		err := postern.AsError(cause)
		if !matches(err) {
			t.Errorf("AsError makes SQLSTATE %s a %T", code, err)
		}
		var found *pgconn.PgError
		if !errors.As(err, &found) || found != server || !errors.Is(err, cause) || err.Error() != cause.Error() {
			t.Errorf("%s lost its cause: %v", code, err)
		}
	}
}

func is[T error](err error) bool {
	var found T
	return errors.As(err, &found)
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	for _, err := range []error{nil, errors.New("other"), &pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "PS999"}} {
		if got := postern.AsError(err); got != err {
			t.Errorf("AsError(%v) = %v, want the error unchanged", err, got)
		}
	}
}

func TestCheckpointRequiredHasWhatTheDialogNeeds(t *testing.T) {
	// What the user decides by is what the challenge says: the rest of DETAIL may be a lie.
	challenge := base64.RawURLEncoding.EncodeToString([]byte(`{"gate": "SINWOF_APPROVE", "action": null, "description": "Approve an invoice",
		"message": "Invoice 17 approved", "parameters": {"AMOUNT": 12345678901234567890.10}, "user": "ALICE"}`)) + ".b"
	detail := `{"gate": "SINWOF_LOOK", "action": "Look", "description": "Look at an invoice", "message": "Invoice 16 looked at",
		"parameters": {"AMOUNT": 0}, "username": null, "schemes": ["PIN", "TOTP"], "comment_required": true,
		"challenge": "` + challenge + `", "expires_at": "2026-01-02T03:04:05.678901+05:30"}`
	var required *postern.CheckpointRequired
	if err := postern.AsError(&pgconn.PgError{Code: "PS101", Detail: detail, Hint: "h"}); !errors.As(err, &required) {
		t.Fatalf("a PS101 becomes %v, want a *CheckpointRequired", err)
	}
	if required.Gate != "SINWOF_APPROVE" || required.Action != "" || required.Description != "Approve an invoice" ||
		required.Message != "Invoice 17 approved" || string(required.Parameters) != `{"AMOUNT": 12345678901234567890.10}` ||
		required.Username != "" || strings.Join(required.Schemes, ",") != "PIN,TOTP" || !required.CommentRequired ||
		required.Challenge != challenge || required.Rejected != nil || required.Server.Hint != "h" ||
		!required.ExpiresAt.Equal(time.Date(2026, 1, 1, 21, 34, 5, 678901000, time.UTC)) {
		t.Errorf("the fields of the PS101 are %+v", required)
	}
}

func TestUnhandledTellsWhatToReference(t *testing.T) {
	detail := `{"gate": "SINWOF_APPROVE", "action": "PayInvoice", "description": "Approve an invoice", "message": "Invoice 17 approved", "parameters": {"NO": 17}}`
	var unhandled *postern.Unhandled
	if err := postern.AsError(&pgconn.PgError{Code: "PS105", Detail: detail, Hint: "h"}); !errors.As(err, &unhandled) {
		t.Fatalf("a PS105 becomes %v, want a *Unhandled", err)
	}
	if unhandled.Gate != "SINWOF_APPROVE" || unhandled.Action != "PayInvoice" || unhandled.Description != "Approve an invoice" ||
		unhandled.Message != "Invoice 17 approved" || string(unhandled.Parameters) != `{"NO": 17}` || unhandled.Server.Hint != "h" {
		t.Errorf("the fields of the PS105 are %+v", unhandled)
	}
}

func TestLimitsTellUntilWhen(t *testing.T) {
	moment := time.Date(2026, 1, 1, 21, 34, 5, 678901000, time.UTC)
	var locked *postern.Locked
	err := postern.AsError(&pgconn.PgError{Code: "PS104", Detail: `{"unlocks_at": "2026-01-01T22:34:05.678901+01:00"}`, Hint: "h"})
	if !errors.As(err, &locked) || !locked.UnlocksAt.Equal(moment) || locked.Server.Hint != "h" {
		t.Errorf("a PS104 becomes %+v, want a *Locked until %v", err, moment)
	}
	var limited *postern.RateLimited
	err = postern.AsError(&pgconn.PgError{Code: "PS110", Detail: `{"setting": "cancels_per_hour", "allowed": 60, "again_at": "2026-01-01T22:34:05.678901+01:00"}`})
	if !errors.As(err, &limited) || limited.Setting != "cancels_per_hour" || limited.Allowed != 60 || !limited.AgainAt.Equal(moment) {
		t.Errorf("a PS110 becomes %+v, want a *RateLimited until %v", err, moment)
	}
	for _, code := range []string{"PS104", "PS110"} {
		if err := postern.AsError(&pgconn.PgError{Code: code, Detail: "{"}); !is[*postern.Locked](err) && !is[*postern.RateLimited](err) {
			t.Errorf("%s with a DETAIL that cannot be read became %T", code, err)
		}
	}
	var denied *postern.Denied
	err = postern.AsError(&pgconn.PgError{Code: "PS102", Detail: `{"explanation": "wrong", "scheme": "TOTP", "unlocks_at": "2026-01-01T22:34:05.678901+01:00"}`})
	if !errors.As(err, &denied) || denied.Scheme != "TOTP" || !denied.UnlocksAt.Equal(moment) {
		t.Errorf("a PS102 that locks becomes %+v, want a *Denied of a code until %v", err, moment)
	}
	if err := postern.AsError(&pgconn.PgError{Code: "PS102", Detail: `{"unlocks_at": null}`}); !errors.As(err, &denied) || !denied.UnlocksAt.IsZero() {
		t.Errorf("a PS102 that does not lock becomes %+v, want a *Denied without a time", err)
	}
}

func TestTicketInvalidTellsWhy(t *testing.T) {
	for detail, want := range map[string]postern.TicketInvalid{
		`{"reason": "changed", "explanation": "Other parameters.", "gate": "SINWOF_APPROVE", "approved_action": null, "expires_at": "2026-01-01T22:34:05+01:00"}`: {
			Reason: "changed", Explanation: "Other parameters.", Gate: "SINWOF_APPROVE", ExpiresAt: time.Date(2026, 1, 1, 21, 34, 5, 0, time.UTC)},
		`{"reason": "other_action", "action": "PayInvoice"}`: {Reason: "other_action", Action: "PayInvoice"},
		"It expired.":                             {},
		`{"reason": "used"`:                       {},
		`{"reason": ["x"]}`:                       {},
		`{"reason": "used", "Reason": "expired"}`: {},
	} {
		var invalid *postern.TicketInvalid
		if err := postern.AsError(&pgconn.PgError{Code: "PS103", Detail: detail, Hint: "h"}); !errors.As(err, &invalid) {
			t.Fatalf("DETAIL %s becomes %T, want a *TicketInvalid", detail, err)
		}
		if invalid.Reason != want.Reason || invalid.Explanation != want.Explanation || invalid.Gate != want.Gate || invalid.Action != want.Action ||
			!invalid.ExpiresAt.Equal(want.ExpiresAt) || invalid.Server.Hint != "h" {
			t.Errorf("DETAIL %s becomes %+v, want %+v", detail, invalid, want)
		}
	}
}

// The server translates its message, and not the name of its function.
func TestRowRefusedInEveryLanguage(t *testing.T) {
	for message, want := range map[string]postern.RowRefused{
		`new row violates row-level security policy "postern_company" for table "invoice"`:                  {Table: "invoice", Policy: "postern_company"},
		`new row violates row-level security policy for table "invoice"`:                                    {Table: "invoice"},
		`new row violates row-level security policy (USING expression) for table "invoice"`:                 {Table: "invoice"},
		`target row violates row-level security policy "p" (USING expression) for table "a "for table" b"`:  {Table: `a "for table" b`, Policy: "p"},
		`neue Zeile verletzt Policy für Sicherheit auf Zeilenebene »postern_company« für Tabelle »invoice«`: {},
	} {
		var refused *postern.RowRefused
		err := postern.AsError(&pgconn.PgError{Code: "42501", Message: message, Routine: "ExecWithCheckOptions"})
		if !errors.As(err, &refused) || refused.Table != want.Table || refused.Policy != want.Policy {
			t.Errorf("MESSAGE %q becomes %+v, want %+v", message, err, want)
		}
	}
	for _, other := range []*pgconn.PgError{
		{Code: "42501", Message: `permission denied for table invoice`, Routine: "aclcheck_error"},
		{Code: "42501", Message: `new row violates row-level security policy "p" for table "t"`, Routine: "exec_stmt_raise"},
		{Code: "44000", Message: `new row violates check option for view "v"`, Routine: "ExecWithCheckOptions"},
	} {
		if err := postern.AsError(other); err != error(other) {
			t.Errorf("the error %q of %s becomes %T, want it unchanged", other.Message, other.Routine, err)
		}
	}
}

func TestUnreadableDetailIsNoCheckpointRequired(t *testing.T) {
	for _, detail := range []string{"{", "{}", `{"challenge": "a.b"}`, `{"message": "Invoice 17 approved", "challenge": "é"}`} {
		err := postern.AsError(&pgconn.PgError{Code: "PS101", Detail: detail})
		if is[*postern.CheckpointRequired](err) || !is[*pgconn.PgError](err) || !strings.Contains(err.Error(), "DETAIL") {
			t.Errorf("DETAIL %s: got %v, want a server error that names DETAIL", detail, err)
		}
	}
}

// A trigger of somebody's may raise any DETAIL. What the user is shown is one thing, whoever reads it.
func TestDetailWithTwoReadingsIsNoCheckpointRequired(t *testing.T) {
	challenge := func(content string) string { return base64.RawURLEncoding.EncodeToString([]byte(content)) + ".b" }
	genuine := challenge(`{"gate": "G", "message": "Invoice 17 approved"}`)
	if err := postern.AsError(&pgconn.PgError{Code: "PS101", Detail: `{"challenge": "` + genuine + `", "schemes": ["PIN"]}`}); !is[*postern.CheckpointRequired](err) {
		t.Fatalf("the genuine challenge is refused: %v", err)
	}
	for _, detail := range []string{
		`{"challenge": "x", "challenge": "` + genuine + `"}`,
		`{"challenge": "` + genuine + `", "CHALLENGE": "x"}`,
		`{"challenge": "` + genuine + `", "username": "ALICE", "u\u0073ername": "BOB"}`,
		`{"challenge": "` + genuine + `", "schemes": ["PIN"], "ſchemes": ["OTHER"]}`,
		`{"challenge": "` + genuine + `"} {}`,
		`[{"challenge": "` + genuine + `"}]`,
		`{"challenge": "` + challenge(`{"message": "Coffee is fine", "message": "Invoice 17 approved"}`) + `"}`,
		`{"challenge": "` + challenge(`{"message": "Coffee is fine", "Message": "Invoice 17 approved"}`) + `"}`,
		`{"challenge": "` + challenge(`{"message": "Coffee is fine"}{"message": "Invoice 17 approved"}`) + `"}`,
	} {
		if err := postern.AsError(&pgconn.PgError{Code: "PS101", Detail: detail}); is[*postern.CheckpointRequired](err) {
			t.Errorf("DETAIL with two readings is accepted: %s", detail)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const secret = "squirrel-squirrel-squirrel-squirrel"
	signer, err := postern.NewSigner("2026", []byte(secret), "erp")
	if err != nil {
		t.Fatal(err)
	}
	answer := postern.Answer{Username: "ALICE", Response: secret, Comment: "c"}
	for _, value := range []any{answer, &answer, []postern.Answer{answer}, map[string]any{"answer": answer}, signer, &signer} {
		texts := []string{fmt.Sprint(value)}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, value))
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(encoded), logged(value))
		for _, text := range texts {
			for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
				if strings.Contains(text, form) {
					t.Errorf("a secret is printed: %s", text)
				}
			}
		}
	}
	if text := fmt.Sprint(answer); !strings.Contains(text, `"ALICE"`) {
		t.Errorf("nothing is left of the answer: %s", text)
	}
}

func logged(value any) string {
	text := strings.Builder{}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
		slog.New(handler).Info("message", "value", value)
	}
	return text.String()
}
