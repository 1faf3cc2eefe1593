package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

const payGate = "BANK_PAY"

// newBank is an office with an exclusive gate.
func newBank(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	if err := db.New(o.Pool).RegisterGate(t.Context(), db.RegisterGateParams{
		GateID: payGate, Description: "Pay", Message: "&AMOUNT paid", Parameters: []string{"AMOUNT"}, Active: true, Exclusive: new(true),
	}); err != nil {
		t.Fatal(err)
	}
	return o
}

// pay reaches the exclusive gate.
func pay(ctx context.Context, tx pgx.Tx, amount int) error {
	return db.New(tx).Checkpoint(ctx, payGate, fmt.Appendf(nil, `{"AMOUNT": %d}`, amount))
}

// asking counts the questions, and answers with the right PIN.
func asking(asked *[]string) postern.Prompt {
	return func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		*asked = append(*asked, required.Message)
		return postern.Answer{Response: pin}, nil
	}
}

// passed is the log of passes. An asterisk marks those that another approval opened.
func (o *office) passed(t *testing.T) (passed string) {
	t.Helper()
	if err := o.Pool.QueryRow(t.Context(), `
select coalesce(string_agg(message || case when asked then '' else '*' end, ', ' order by log_id), '')
  from postern.checkpoint_log where outcome = 'passed' and gate_id <> 'POSTERN_PIN_CHANGE'`).Scan(&passed); err != nil {
		t.Fatal(err)
	}
	return passed
}

// A transaction asks once for each exclusive gate, and once for all others, whatever the connection supports.
func TestEachExclusiveGateIsAskedFor(t *testing.T) {
	o := newBank(t)
	for connection, pool := range o.connections(t) {
		before := o.passed(t)
		asked := []string{}
		err := postern.Do(t.Context(), pool, o.alice, asking(&asked), func(tx pgx.Tx) error {
			return cmpOr(
				pay(t.Context(), tx, 1), approve(t.Context(), tx), pay(t.Context(), tx, 2), pay(t.Context(), tx, 2),
				db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 18}`)))
		})
		if want := "1 paid, Invoice 17 approved, 2 paid, 2 paid"; err != nil || strings.Join(asked, ", ") != want {
			t.Errorf("%s: asked %q, want %q: %v", connection, asked, want, err)
		}
		if got, want := strings.TrimPrefix(strings.TrimPrefix(o.passed(t), before), ", "), "1 paid, Invoice 17 approved, 2 paid, 2 paid, Invoice 18 approved*"; got != want {
			t.Errorf("%s: passed %q, want %q", connection, got, want)
		}
	}
}

// cmpOr runs functions up to the first error, and returns that.
func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// The order of different gates may change from run to run. What was approved for a gate stays for that gate.
func TestOrderOfGatesMayChange(t *testing.T) {
	o := newBank(t)
	asked, run := []string{}, 0
	err := postern.Do(t.Context(), o.application.Pool, o.alice, asking(&asked), func(tx pgx.Tx) error {
		run++
		steps := []func() error{func() error { return pay(t.Context(), tx, 1) }, func() error { return approve(t.Context(), tx) }}
		return cmpOr(steps[run%2](), steps[(run+1)%2]())
	})
	if want := "Invoice 17 approved, 1 paid"; err != nil || strings.Join(asked, ", ") != want || run != 3 {
		t.Errorf("%d runs asked %q, want %q: %v", run, asked, want, err)
	}

	// The order of passes of one gate may not change: nobody could tell which of the two amounts has changed.
	asked, run = []string{}, 0
	err = postern.Do(t.Context(), o.application.Pool, o.alice, asking(&asked), func(tx pgx.Tx) error {
		run++
		return cmpOr(pay(t.Context(), tx, run), pay(t.Context(), tx, 3-run))
	})
	var invalid *postern.TicketInvalid
	if !errors.As(err, &invalid) || len(asked) != 1 {
		t.Errorf("asked %q, want one question; got %v, want a *TicketInvalid", asked, err)
	}
}

// A wrong answer asks for that gate again, and for no other.
func TestWrongAnswerKeepsEarlierApprovals(t *testing.T) {
	o := newBank(t)
	asked := []string{}
	prompt := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked = append(asked, required.Message)
		var denied *postern.Denied
		if errors.As(required.Rejected, &denied) != (len(asked) == 3) {
			t.Errorf("question %d was told %v", len(asked), required.Rejected)
		}
		return postern.Answer{Response: map[bool]string{true: typo, false: pin}[len(asked) == 2]}, nil
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, prompt, func(tx pgx.Tx) error {
		return cmpOr(pay(t.Context(), tx, 1), pay(t.Context(), tx, 2))
	})
	if want := "1 paid, 2 paid, 2 paid"; err != nil || strings.Join(asked, ", ") != want {
		t.Errorf("asked %q, want %q: %v", asked, want, err)
	}
}

// A user who takes long for the second answer is asked the first question again, instead of failing in the end.
func TestExpiredApprovalIsAskedForAgain(t *testing.T) {
	o := newBank(t)
	asked := []string{}
	prompt := func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked = append(asked, required.Message)
		var invalid *postern.TicketInvalid
		if errors.As(required.Rejected, &invalid) != (len(asked) == 3) {
			t.Errorf("question %d was told %v", len(asked), required.Rejected)
		}
		answer := postern.Answer{Response: pin}
		if len(asked) == 2 {
			_, err := o.Pool.Exec(ctx, "update postern_internal.ticket set expires_at = clock_timestamp()")
			return answer, err
		}
		return answer, nil
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, prompt, func(tx pgx.Tx) error {
		return cmpOr(pay(t.Context(), tx, 1), pay(t.Context(), tx, 2))
	})
	if want := "1 paid, 2 paid, 1 paid, 2 paid"; err != nil || strings.Join(asked, ", ") != want {
		t.Errorf("asked %q, want %q: %v", asked, want, err)
	}
	if got, want := o.passed(t), "1 paid, 2 paid"; got != want {
		t.Errorf("passed %q, want %q", got, want)
	}
}

// Work that asks for something else each time it runs comes to an end, whatever the prompt does.
func TestQuestionsEnd(t *testing.T) {
	o := newBank(t)
	run := 0
	asked := []string{}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, asking(&asked), func(tx pgx.Tx) error {
		run++
		if _, err := tx.Exec(t.Context(), "select 1"); err != nil {
			return err
		}
		// The approved gates are reached in one statement: 5,000 are slow.
		const paid = "select postern.checkpoint($1, jsonb_build_object('AMOUNT', amount)) from generate_series(1, $2::integer) as amount"
		if _, err := tx.Exec(t.Context(), paid, payGate, run-1); err != nil {
			return err
		}
		return pay(t.Context(), tx, run)
	})
	var required *postern.CheckpointRequired
	if !errors.As(err, &required) || !strings.Contains(err.Error(), "after 100 answers") || len(asked) != 100 {
		t.Errorf("asked %d times, want 100; error: %v", len(asked), err)
	}
	if got := o.passed(t); got != "" {
		t.Errorf("the log has the passes %q, want none", got)
	}
}

// The PIN is changed in a transaction that does something else as well. The change asks for its own approval.
func TestPINIsChangedAlongWithOtherWork(t *testing.T) {
	o := newBank(t)
	asked := []string{}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, asking(&asked), func(tx pgx.Tx) error {
		return cmpOr(approve(t.Context(), tx), db.New(tx).SetPIN(t.Context(), "571936"))
	})
	if want := "Invoice 17 approved, PIN changed"; err != nil || strings.Join(asked, ", ") != want {
		t.Errorf("asked %q, want %q: %v", asked, want, err)
	}
}

// One request per question: earlier approvals travel in the challenge of the next question.
func TestResumeCollectsApprovals(t *testing.T) {
	o := newBank(t)
	work := func(tx pgx.Tx) error {
		return cmpOr(pay(t.Context(), tx, 1), approve(t.Context(), tx), pay(t.Context(), tx, 2))
	}
	required := func(err error) *postern.CheckpointRequired {
		t.Helper()
		var required *postern.CheckpointRequired
		if !errors.As(err, &required) {
			t.Fatalf("got %v, want a *CheckpointRequired", err)
		}
		return required
	}
	resume := func(challenge string) error {
		return postern.Resume(t.Context(), o.application.Pool, o.alice, challenge, postern.Answer{Username: "ALICE", Response: pin}, work)
	}
	first := required(postern.Do(t.Context(), o.application.Pool, o.alice, nil, work))
	second := required(resume(first.Challenge))
	if first.Message != "1 paid" || second.Message != "Invoice 17 approved" {
		t.Fatalf("asked %q and then %q", first.Message, second.Message)
	}
	// A refusal is logged as it was asked.
	if err := postern.Cancel(t.Context(), o.application.Pool, o.alice, second.Challenge, "no"); err != nil {
		t.Error(err)
	}
	third := required(resume(second.Challenge))
	var invalid *postern.TicketInvalid
	if err := resume(second.Challenge + "+" + "00000000-0000-0000-0000-000000000000"); !errors.As(err, &invalid) {
		t.Errorf("a ticket that nobody has made: %v", err)
	}
	if err := resume(third.Challenge); err != nil {
		t.Error(err)
	}
	if got, want := o.passed(t), "1 paid, Invoice 17 approved, 2 paid"; got != want {
		t.Errorf("passed %q, want %q", got, want)
	}
	if err := resume(third.Challenge); !errors.As(err, &invalid) {
		t.Errorf("the last answer once more: %v", err)
	}
	for _, nonsense := range []string{"+", third.Challenge + "+", third.Challenge + "+x", third.Challenge + "+{" + strings.Repeat("0", 36) + "}"} {
		if err := resume(nonsense); !errors.As(err, &invalid) || invalid.Reason != "malformed" || invalid.Server.Hint == "" {
			t.Errorf("the challenge %q: got %v, want a *TicketInvalid, malformed", nonsense, err)
		}
	}
	o.want(t, 1, "cancelled passed")

	// An approval that has expired is asked for again.
	first = required(postern.Do(t.Context(), o.application.Pool, o.alice, nil, work))
	second = required(resume(first.Challenge))
	o.exec(t, "update postern_internal.ticket set expires_at = clock_timestamp()")
	again := required(resume(second.Challenge))
	if again.Message != "1 paid" || !errors.As(again.Rejected, &invalid) || time.Until(again.ExpiresAt) < time.Minute {
		t.Errorf("after an approval has expired, asked %+v", again)
	}
	if next := required(resume(again.Challenge)); next.Message != "Invoice 17 approved" {
		t.Errorf("after that approval, asked %+v", next)
	}
}

// Code that runs before the gate may raise a PS101 of its own. The tickets in its challenge approve nothing.
func TestPlantedChallengeBringsNoTickets(t *testing.T) {
	o := newBank(t)
	err := postern.Do(t.Context(), o.application.Pool, o.alice, answers(), func(tx pgx.Tx) error {
		var challenge string
		if err := tx.QueryRow(t.Context(), "select postern.challenge($1, '{\"INVOICE\": 17}')", gate).Scan(&challenge); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `do $$ begin raise exception using errcode = 'PS101', message = 'm', hint = 'h',
  detail = jsonb_build_object('gate', 'SINWOF_APPROVE', 'schemes', array['PIN'], 'expires_at', now(), 'challenge', '`+challenge+`+01938a4e-7c00-7abc-8def-0123456789ab'); end $$`)
		return err
	})
	var required *postern.CheckpointRequired
	if errors.As(err, &required) || err == nil || !strings.Contains(err.Error(), "carries tickets") {
		t.Errorf("got %v, want an error about carried tickets", err)
	}
}
