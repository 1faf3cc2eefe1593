package client

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

// challenge sends the business function without an answer.
func (o *office) challenge(t *testing.T) string {
	t.Helper()
	var required *postern.CheckpointRequired
	if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
		t.Fatal(err)
	}
	return required.Challenge
}

// resend sends the business function with a ticket.
func (o *office) resend(ctx context.Context, session postern.Session, ticket string) error {
	return postern.Do(ctx, o.application.Pool, session.WithTicket(ticket), nil, func(tx pgx.Tx) error { return approve(ctx, tx) })
}

func TestAnswerAndWorkArriveInTwoRequests(t *testing.T) {
	o := newOffice(t)
	challenge := o.challenge(t)
	ticket, err := postern.Authenticate(t.Context(), o.application.Pool, o.alice, challenge, postern.Answer{Username: "ALICE", Response: pin})
	if err != nil {
		t.Fatal(err)
	}
	o.want(t, 0, "")
	if err := o.resend(t.Context(), o.alice, ticket); err != nil {
		t.Fatal(err)
	}
	o.want(t, 1, "passed")
	var invalid *postern.TicketInvalid
	if err := o.resend(t.Context(), o.alice, ticket); !errors.As(err, &invalid) || invalid.Reason != "used" {
		t.Errorf("the second use gives %v", err)
	}
	o.want(t, 1, "passed")
}

func TestAuthenticateDoesNotTellWhetherTheAnswerWasRight(t *testing.T) {
	o := newOffice(t)
	challenge := o.challenge(t)
	ticket, err := postern.Authenticate(t.Context(), o.application.Pool, o.alice, challenge, postern.Answer{Username: "ALICE", Response: typo})
	if err != nil {
		t.Fatal(err)
	}
	var denied *postern.Denied
	if err := o.resend(t.Context(), o.alice, ticket); !errors.As(err, &denied) {
		t.Errorf("the resend gives %v", err)
	}
	o.want(t, 0, "denied")
}

func TestTicketOfAnotherUserOpensNothing(t *testing.T) {
	o := newOffice(t)
	if err := db.New(o.Pool).CreateUser(t.Context(), "BOB", "Bob", nil); err != nil {
		t.Fatal(err)
	}
	ticket, err := postern.Authenticate(t.Context(), o.application.Pool, o.alice, o.challenge(t), postern.Answer{Username: "ALICE", Response: pin})
	if err != nil {
		t.Fatal(err)
	}
	var invalid *postern.TicketInvalid
	if err := o.resend(t.Context(), postern.TokenSession(o.signer, "BOB"), ticket); !errors.As(err, &invalid) || invalid.Reason != "other_user" {
		t.Errorf("Bob gets %v", err)
	}
	o.want(t, 0, "")
}

func TestTicketThatCannotBeReadIsRefusedBeforeAnythingIsSent(t *testing.T) {
	o := newOffice(t)
	const uuid = "00000000-0000-4000-8000-000000000000"
	for _, ticket := range []string{"x", "+", uuid + "+", "+" + uuid, strings.ToUpper("a" + uuid[1:]), "{" + uuid + "}", uuid + "' or true"} {
		var invalid *postern.TicketInvalid
		if err := o.resend(t.Context(), o.alice, ticket); !errors.As(err, &invalid) || invalid.Reason != "malformed" {
			t.Errorf("%s gives %v", ticket, err)
		}
	}
	if err := o.resend(t.Context(), o.alice, strings.Repeat(uuid+"+", 100)+uuid); err == nil || !strings.Contains(err.Error(), "too many tickets") {
		t.Errorf("101 tickets give %v", err)
	}
	// The answer to a question needs no ticket.
	session := o.alice.WithTicket("x")
	if _, err := postern.Authenticate(t.Context(), o.application.Pool, session, o.challenge(t), postern.Answer{Username: "ALICE", Response: pin}); err != nil {
		t.Error(err)
	}
}

func TestUserChangesTheirPIN(t *testing.T) {
	o := newOffice(t)
	const next = "205861"
	prompt := func(response string) postern.Prompt {
		return func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
			return postern.Answer{Response: response}, required.Rejected
		}
	}
	var policy *postern.CredentialPolicy
	if err := postern.ChangePIN(t.Context(), o.application.Pool, o.alice, prompt(pin), "123456"); !errors.As(err, &policy) || policy.Reason != "run" {
		t.Errorf("an easy PIN gives %v", err)
	}
	if err := postern.ChangePIN(t.Context(), o.application.Pool, o.alice, prompt(pin), next+"\x00"); err == nil || strings.Contains(err.Error(), next) {
		t.Errorf("a NUL gives %v", err)
	}
	var denied *postern.Denied
	if err := postern.ChangePIN(t.Context(), o.application.Pool, o.alice, prompt(typo), next); !errors.As(err, &denied) {
		t.Errorf("the wrong PIN gives %v", err)
	}
	if err := postern.ChangePIN(t.Context(), o.application.Pool, o.alice, prompt(pin), next); err != nil {
		t.Fatal(err)
	}
	if err := o.approve(t.Context(), o.application.Pool, answers(next)); err != nil {
		t.Error(err)
	}
	o.want(t, 1, "passed")
}
