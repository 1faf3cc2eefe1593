package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
)

// tellUpkeep is the third act: an old gate inside a new action, and other things that people forget as a system grows.
func (s *story) tellUpkeep(ctx context.Context) error {
	s.title("The third act: the system grows")
	for _, step := range []func(context.Context) error{
		s.addAction, s.meetOldGate, s.searchGates, s.applyFile, s.payAtOnce, s.forgetProtection, s.findForgotten, s.protectForgotten,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) addAction(ctx context.Context) error {
	s.heading("A new action calls old code")
	s.say("A payment run pays all approved invoices with one click. Its code begins an action, which asks for one approval,")
	s.say("before it starts. Its team knows of no gate in the code that it calls, and registers none.")
	return s.administer(ctx, runPayments, "select postern.register_action('PaymentRun')")
}

func startPayments(ctx context.Context) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select invoicing.run_payments()")
		return err
	}
}

func (s *story) meetOldGate(ctx context.Context) error {
	s.heading("Bob starts it, and it reaches an old gate")
	unhandled, err := expect[*postern.Unhandled](s.do(ctx, "BOB", nil, startPayments(ctx)))
	if err != nil {
		return err
	}
	s.say("Nobody asked Bob for an approval, so gate %s lets nothing through: it fails the action, and", unhandled.Gate)
	s.say("nothing is paid. That is safe, but a user should not be the first to find it.")
	return nil
}

func (s *story) searchGates(ctx context.Context) error {
	s.heading("A search in the code finds the gate before a user does")
	s.say("It follows the calls from the function that the action runs, with PostgreSQL's own parser:")
	if err := s.run(ctx, exitFound, "$0 action gates PaymentRun --entry invoicing.run_payments"); err != nil {
		return err
	}
	s.say("And only the fix, to be piped into psql:")
	return s.run(ctx, exitDone, "$0 action gates PaymentRun --entry invoicing.run_payments --fix")
}

func (s *story) applyFile(ctx context.Context) error {
	s.heading("The registration is in a file: plan it, then apply it")
	const name = "PaymentRun.projection"
	s.say("This team keeps its actions beside the code. %s now says:", name)
	if err := s.file(name); err != nil {
		return err
	}
	s.say("The plan changes nothing, and apply does it in one transaction:")
	if err := s.run(ctx, exitFound, "$0 apply -f - --plan < "+name); err != nil {
		return err
	}
	return s.run(ctx, exitDone, "$0 apply -f - < "+name)
}

func (s *story) payAtOnce(ctx context.Context) error {
	s.heading("Bob starts it again, and is asked once for all payments")
	if err := s.do(ctx, "BOB", s.answer("BOB", "Friday's run"), startPayments(ctx)); err != nil {
		return err
	}
	states, err := s.invoiceStates(ctx)
	if err != nil {
		return err
	}
	s.result(states)
	if want := "1041 paid, 1042 paid, 1043 paid, 6666 entered"; states != want {
		return fmt.Errorf("the demo's payment run ended with the invoices %s, not %s", states, want)
	}
	s.say("Every gate that was passed has its own entry in the log, with the name of the action:")
	rows, err := s.administrator.Query(ctx,
		"select gate_id, userid, message\n  from postern.checkpoint_log where action = 'PaymentRun' order by log_id")
	if err != nil {
		return err
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[passed])
	if err != nil {
		return err
	}
	for _, entry := range entries {
		s.result(entry.Gate + ", " + entry.User + ": " + entry.Message)
	}
	if len(entries) != 2 {
		return fmt.Errorf("the demo's payment run left %d entries in the log, not 2", len(entries))
	}
	return nil
}

// passed is an entry of the log that the action wrote.
type passed struct{ Gate, User, Message string }
