package attack

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// MALLORY owns a trigger on a table that ALICE's business writes to. It asks for the challenge of something else,
// raises PS101 with it as the gate would, and shows what ALICE expects to see.
func TestPlantedQuestionShowsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	const loot = `{"PAYEE": "Mallory", "AMOUNT": 98000}`
	testsql.Run(t, s.Pool, `
create function public.planted() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'PS101',
    message = 'Security checkpoint: Approve an invoice',
    hint = 'Show the message to the user.',
    detail = jsonb_build_object('gate', 'SINWOF_APPROVE', 'description', 'Approve an invoice', 'action', null,
      'message', 'Invoice of Paper Mill Ltd over 100 approved', 'parameters', '`+invoice+`'::jsonb,
      'username', 'ALICE', 'schemes', '["PIN"]'::jsonb, 'comment_required', false, 'expires_at', now() + interval '5 minutes',
      'challenge', postern.challenge('SINWOF_APPROVE', '`+loot+`'))::text;
end
$$;
create trigger planted before insert on public.payment execute function public.planted()`)

	err := postern.Do(t.Context(), s.application.Pool, postern.TrustedSession(alice), nil, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into public.payment values ('Paper Mill Ltd')")
		return err
	})
	// The naive dialog shows DETAIL as it is.
	server := testdb.RequireCode(t, err, "PS101")
	naive := struct{ Message string }{}
	if err := json.Unmarshal([]byte(server.Detail), &naive); err != nil || naive.Message != "Invoice of Paper Mill Ltd over 100 approved" {
		t.Fatalf("naive: the dialog shows %q; error: %v", naive.Message, err)
	}

	var required *postern.CheckpointRequired
	if !errors.As(err, &required) {
		t.Fatal(err)
	}
	if required.Message != "Invoice of Mallory over 98000 approved" || required.Description != "Approve an invoice" || required.Gate != approveGate {
		t.Errorf("the dialog shows %q, %q, %q", required.Message, required.Description, required.Gate)
	}
	parameters := map[string]any{}
	if err := json.Unmarshal(required.Parameters, &parameters); err != nil || parameters["PAYEE"] != "Mallory" {
		t.Errorf("the dialog shows %s, %v", required.Parameters, err)
	}
	// The dialog shows what the log says.
	connection := s.connect(t)
	answer(t, connection, alice, required.Challenge, alice, wrongPIN)
	if got := testsql.Value[string](t, s.Pool, "select message from postern.checkpoint_log where outcome = 'denied'"); got != required.Message {
		t.Errorf("the log says %q", got)
	}
}
