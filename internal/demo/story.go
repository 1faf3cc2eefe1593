package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/secret"
)

// attempts is the number of wrong PINs that lock a credential in the story.
const attempts = 3

// story is what happens, step by step.
type story struct {
	*stage
	*teller
	options Options
	signer  postern.Signer
	pins    map[string]string
}

func newStory(s *stage, t *teller, options Options) *story {
	return &story{stage: s, teller: t, options: options, pins: map[string]string{}}
}

func (s *story) tell(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.guard, s.enrol, s.stopMallory, s.approve, s.askOnce, s.askAgain, s.approveForAnother, s.readLog, s.tellLedger, s.tellUpkeep,
		s.tellOutsiders, s.tellRecord,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	further := []string{}
	if s.options.Person == nil {
		further = append(further, "Be Alice yourself: demo --interactive.")
	}
	if !s.options.Keep {
		further = append(further, "Look around with psql: demo --keep.")
	}
	if len(further) > 0 {
		s.print("", strings.Join(further, " "))
	}
	return nil
}

func (s *story) guard(ctx context.Context) error {
	s.heading("A gate stands early in a business function")
	s.say("The code needs one call. The registration contains the text for the log.")
	if err := s.administer(ctx,
		approveInvoice,
		"select postern.register_gate('SINWOF_APPROVE', 'Approve a supplier invoice',\n"+
			"  'Invoice &INVOICE_NO of &SUPPLIER over &AMOUNT approved', '{INVOICE_NO,SUPPLIER,AMOUNT}', active => true)",
	); err != nil {
		return err
	}
	s.say("A second gate is in invoicing.release_payment.")
	return s.administer(ctx,
		"select postern.register_gate('PAYMNT_RELEASE', 'Release a payment',\n"+
			"  'Payment of &AMOUNT for invoice &INVOICE_NO released', '{INVOICE_NO,AMOUNT}', active => true)")
}

func (s *story) administer(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.administrator.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) enrol(ctx context.Context) error {
	s.heading("Alice, Bob and Carol get their PINs")
	s.say("The application signs a short-lived token for the person at the keyboard. It shares this key with the database:")
	key := make([]byte, 32)
	rand.Read(key)
	queries := db.New(s.administrator)
	if err := queries.CreateSessionKey(ctx, "demo", key); err != nil {
		return err
	}
	var err error
	if s.signer, err = postern.NewSigner("demo", key, s.config.Database); err != nil {
		return err
	}
	s.say("An administrator adds the people, and sets a strict limit: %d wrong PINs lock a user's PIN.", attempts)
	if err := s.administer(ctx,
		fmt.Sprintf("select postern.set_setting('max_failures', '%d')", attempts),
		"select postern.create_user('ALICE', 'Alice Berg')",
		"select postern.create_user('BOB', 'Bob Lind')",
		"select postern.create_user('CAROL', 'Carol Ek')",
	); err != nil {
		return err
	}
	s.say("A PIN that an administrator hands out opens one gate only: that of changing the PIN.")
	for number, userid := range []string{"ALICE", "BOB", "CAROL"} {
		if number == 1 {
			s.say("Bob and Carol do the same.")
		}
		first := s.options.NewPIN()
		if err := queries.ResetPIN(ctx, userid, secret.Text(first)); err != nil {
			return err
		}
		if err := s.changePIN(ctx, userid, first); err != nil {
			return err
		}
	}
	return nil
}

// changePIN asks a person again if the chosen PIN is too easy to guess.
func (s *story) changePIN(ctx context.Context, userid, first string) error {
	for {
		chosen := s.options.NewPIN()
		if s.options.Person != nil && userid == "ALICE" {
			var err error
			if chosen, err = s.options.Person.AskSecret(ctx, margin+"You are Alice. Choose a PIN (it is not shown): "); err != nil {
				return err
			}
		}
		err := s.do(ctx, userid, respond(first), func(tx pgx.Tx) error {
			return db.New(tx).SetPIN(ctx, secret.Text(chosen))
		})
		var policy *postern.CredentialPolicy
		if s.options.Person == nil || !errors.As(err, &policy) {
			s.pins[userid] = chosen
			return err
		}
		s.say("%s %s", policy.Explanation, policy.Server.Hint)
	}
}

func (s *story) stopMallory(ctx context.Context) error {
	s.heading("Mallory finds Alice's workstation unlocked")
	s.say("He approves an invoice of his own, but the gate stops the transaction, and all of it rolls back:")
	guesses := []string{"First", "Second", "Third", "Fourth"}
	locked, err := expect[*postern.Locked](s.do(ctx, "ALICE", func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		switch len(guesses) {
		case 0:
			return postern.Answer{}, errors.New("the demo's Mallory was never locked out")
		case 4:
			s.say("The error carries what the application's dialog has to show:")
			s.dialog(required, required.Username, "", "")
			s.say("Mallory guesses. An answer is judged in a transaction that must commit and does not say the verdict. Only the")
			s.say("next transaction learns it. So no guess can be taken back by a rollback.")
		}
		s.say("%s guess:", guesses[0])
		guesses = guesses[1:]
		return postern.Answer{Response: "guess " + rand.Text()}, nil
	}, s.approveInvoice(ctx, 6666)))
	if err != nil {
		return err
	}
	s.say("%s", locked.Server.Hint)
	s.say("Until then even the right PIN does not help. Mallory walks on.")
	return nil
}

func (s *story) approve(ctx context.Context) error {
	s.heading("Alice is back, and approves an invoice with a comment")
	s.say("An administrator unlocks her first.")
	for {
		if err := s.administer(ctx, "select postern.unlock_user('ALICE')"); err != nil {
			return err
		}
		err := s.do(ctx, "ALICE", s.aliceApproves, s.approveInvoice(ctx, 1041))
		var locked *postern.Locked
		var late *postern.TicketInvalid
		switch {
		case err == nil:
			s.say("Approved: invoice and log were written by one transaction.")
			return nil
		case s.options.Person != nil && errors.As(err, &locked):
			s.say("You are locked out, as Mallory was. The administrator helps once more.")
		case s.options.Person != nil && errors.Is(err, postern.ErrCancelled):
			s.say("You cancelled: nothing was approved, and the log says so. Once more?")
		case s.options.Person != nil && errors.As(err, &late):
			s.say("%s A challenge expires. Once more?", late.Explanation)
		default:
			return err
		}
	}
}

func (s *story) aliceApproves(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
	if s.options.Person == nil {
		return s.answer("ALICE", "Matches the delivery note")(ctx, required)
	}
	if required.Rejected != nil {
		s.say("The user name or the PIN was wrong; the database does not say which. Try again.")
	}
	person := s.options.Person
	s.say("┃ %s", required.Description)
	s.say("┃ %s", required.Message)
	username, err := person.AskLine(ctx, fmt.Sprintf("%s┃ User name [%s]  ", margin, required.Username))
	if err != nil {
		return postern.Answer{}, err
	}
	response, err := person.AskSecret(ctx, margin+"┃ PIN (nothing: cancel)  ")
	if err != nil {
		return postern.Answer{}, err
	}
	comment, err := person.AskLine(ctx, margin+"┃ Comment  ")
	if err == nil && response == "" {
		err = postern.ErrCancelled
	}
	return postern.Answer{Username: cmp.Or(username, required.Username), Response: response, Comment: comment}, err
}

func (s *story) askOnce(ctx context.Context) error {
	s.heading("Bob approves and pays in one transaction, and is asked once")
	s.say("The first gate asks; every other gate is then open until the transaction ends.")
	return s.do(ctx, "BOB", s.answer("BOB", ""), func(tx pgx.Tx) error {
		if err := s.approveInvoice(ctx, 1042)(tx); err != nil {
			return err
		}
		return s.releasePayment(ctx, 1042)(tx)
	})
}

func (s *story) askAgain(ctx context.Context) error {
	s.heading("The next transaction asks again, and Bob has doubts")
	_, err := expect[*postern.Cancelled](s.do(ctx, "BOB", func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		s.say("Bob presses Cancel. The log records that too, with his reason.")
		return postern.Answer{Comment: "A crane for one day?"}, postern.ErrCancelled
	}, s.approveInvoice(ctx, 1043)))
	return err
}

func (s *story) approveForAnother(ctx context.Context) error {
	s.heading("Carol, who ordered the crane, approves at Bob's desk")
	s.say("With this setting others may approve with their own user name and PIN; the log names both.")
	if err := s.administer(ctx, "select postern.set_setting('all_users_valid', 'true')"); err != nil {
		return err
	}
	return s.do(ctx, "BOB", s.answer("CAROL", "My order"), s.approveInvoice(ctx, 1043))
}

func (s *story) readLog(ctx context.Context) error {
	s.heading("What remains")
	s.say("The invoices:")
	states, err := s.invoiceStates(ctx)
	if err != nil {
		return err
	}
	s.result(states)
	if want := "1041 approved, 1042 paid, 1043 approved, 6666 entered"; states != want {
		return fmt.Errorf("the demo ended with the invoices %s, not %s", states, want)
	}
	s.say("And the log, which only grows. Each pass was written by the transaction that changed the invoice:")
	rows, err := s.administrator.Query(ctx,
		"select logged_at, outcome, gate_id, userid, authenticated_by, message, comment\n  from postern.checkpoint_log order by log_id")
	if err != nil {
		return err
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	if err != nil {
		return err
	}
	s.log(entries)
	return nil
}

func (s *story) invoiceStates(ctx context.Context) (states string, err error) {
	err = s.administrator.QueryRow(ctx,
		"select string_agg(invoice_no || ' ' || state, ', ' order by invoice_no) from invoicing.supplier_invoice").Scan(&states)
	return states, err
}

// do runs a business transaction as the application would.
func (s *story) do(ctx context.Context, userid string, prompt postern.Prompt, work func(pgx.Tx) error) error {
	return postern.Do(ctx, s.application, postern.TokenSession(s.signer, userid), prompt, work)
}

func (s *story) approveInvoice(ctx context.Context, number int) func(pgx.Tx) error {
	return call(ctx, "select invoicing.approve_invoice(%d)", number)
}

func (s *story) releasePayment(ctx context.Context, number int) func(pgx.Tx) error {
	return call(ctx, "select invoicing.release_payment(%d)", number)
}

func call(ctx context.Context, statement string, number int) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf(statement, number))
		return err
	}
}

// respond answers without showing a dialog.
func respond(response string) postern.Prompt {
	return func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: response}, nil
	}
}

// answer shows the dialog, and answers as a person who knows their PIN.
func (s *story) answer(username, comment string) postern.Prompt {
	return func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		s.dialog(required, username, "••••••", comment)
		return postern.Answer{Username: username, Response: s.pins[username], Comment: comment}, nil
	}
}

// expect returns the error that the story needs. If the transaction ends in any other way, the demo has failed.
func expect[T error](err error) (T, error) {
	var wanted T
	if errors.As(err, &wanted) {
		return wanted, nil
	}
	if err == nil {
		err = errors.New("the transaction passed")
	}
	return wanted, fmt.Errorf("the demo expected %T: %w", wanted, err)
}
