package client

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

// approveAction is the business function behind a button, and an action.
func (o *office) approveAction(t *testing.T) func(tx pgx.Tx) error {
	return func(tx pgx.Tx) error {
		if err := db.New(tx).BeginAction(t.Context(), "ApproveInvoice", []byte(`{"INVOICE": 17}`)); err != nil {
			return err
		}
		return approve(t.Context(), tx)
	}
}

func (o *office) registerAction(t *testing.T, legacyCheckpoints ...string) {
	t.Helper()
	if err := db.New(o.Pool).RegisterAction(t.Context(), "ApproveInvoice", nil, legacyCheckpoints); err != nil {
		t.Fatal(err)
	}
}

func TestActionIsApprovedAsOne(t *testing.T) {
	o := newOffice(t)
	o.registerAction(t, gate)
	asked := 0
	err := postern.Do(t.Context(), o.application.Pool, o.alice, func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		if required.Gate != gate || required.Action != "ApproveInvoice" || required.Description != "Approve an invoice" ||
			required.Message != "ApproveInvoice: Approve an invoice (INVOICE: 17)" || string(required.Parameters) != `{"INVOICE": 17}` {
			t.Errorf("the prompt got %+v", required)
		}
		if asked == 1 {
			return postern.Answer{Response: typo}, nil
		}
		return postern.Answer{Response: pin}, nil
	}, o.approveAction(t))
	if err != nil || asked != 2 {
		t.Fatalf("asked %d times, want 2; error: %v", asked, err)
	}
	o.want(t, 1, "denied passed")
}

func TestActionIsResumedAndCancelled(t *testing.T) {
	o := newOffice(t)
	o.registerAction(t, gate)
	var required *postern.CheckpointRequired
	if err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, o.approveAction(t)); !errors.As(err, &required) {
		t.Fatal(err)
	}
	if err := postern.Cancel(t.Context(), o.application.Pool, o.alice, required.Challenge, "too dear"); err != nil {
		t.Fatal(err)
	}
	answer := postern.Answer{Username: "ALICE", Response: pin}
	// The action was approved, and not just its gate.
	err := postern.Resume(t.Context(), o.application.Pool, o.alice, required.Challenge, answer, func(tx pgx.Tx) error { return approve(t.Context(), tx) })
	if invalid := (*postern.TicketInvalid)(nil); !errors.As(err, &invalid) {
		t.Fatalf("the approval of the action was used for its gate alone: got %v, want a *TicketInvalid", err)
	}
	if err := postern.Resume(t.Context(), o.application.Pool, o.alice, required.Challenge, answer, o.approveAction(t)); err != nil {
		t.Fatal(err)
	}
	o.want(t, 1, "cancelled passed")
}

func TestActionThatDoesNotKnowItsGateIsUnhandled(t *testing.T) {
	o := newOffice(t)
	o.registerAction(t)
	prompt := func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{}, errors.New("nobody should be asked")
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, prompt, o.approveAction(t))
	var unhandled *postern.Unhandled
	if !errors.As(err, &unhandled) || unhandled.Gate != gate || unhandled.Action != "ApproveInvoice" || unhandled.Message != "Invoice 17 approved" {
		t.Fatalf("a gate that the action does not reference: got %v, want a *Unhandled", err)
	}
	o.want(t, 0, "")
	o.exec(t, "select postern.remove_action('ApproveInvoice')")
	err = postern.Do(t.Context(), o.application.Pool, o.alice, prompt, o.approveAction(t))
	if unknown := (*postern.GateUnknown)(nil); !errors.As(err, &unknown) {
		t.Fatalf("an action that is not registered: got %v, want a *GateUnknown", err)
	}
}
