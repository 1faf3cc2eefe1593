package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
)

// tellRecord is the fifth act: nobody walks around a gate, and whoever changes what it guards is on the record.
func (s *story) tellRecord(ctx context.Context) error {
	s.title("The fifth act: no way around a gate, and administrators are on the record")
	mail, err := openMailReceiver()
	if err != nil {
		return err
	}
	defer mail.close()
	for _, step := range []func(context.Context) error{
		s.walkAround, s.guardTable, s.watchAdministrators, s.switchOff,
		func(ctx context.Context) error { return s.nameOscar(ctx, mail) },
		s.showImpact,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// shortcut approves Mallory's invoice without the function that asks.
const shortcut = "update invoicing.supplier_invoice set state = 'approved' where invoice_no = 6666"

// takeShortcut runs it with the application's own login, in Alice's session.
func (s *story) takeShortcut(ctx context.Context) error {
	return s.do(ctx, "ALICE", func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{}, &noPIN{}
	}, func(tx pgx.Tx) error {
		changed, err := tx.Exec(ctx, shortcut)
		if err == nil && changed.RowsAffected() != 1 {
			err = fmt.Errorf("the demo's Mallory changed %d invoices", changed.RowsAffected())
		}
		return err
	})
}

// noPIN is what Mallory has to say when he is asked.
type noPIN struct{}

func (*noPIN) Error() string { return "Mallory has no PIN" }

func (s *story) walkAround(ctx context.Context) error {
	s.heading("Mallory gets the application's own login, and leaves the function out")
	s.say("A new screen writes the table itself, so the application got this right:")
	if err := s.administer(ctx, "grant update on invoicing.supplier_invoice to "+pgx.Identifier{s.role}.Sanitize()); err != nil {
		return err
	}
	s.say("Mallory knows the password. In Alice's session he sends the update alone, and nobody asks:")
	if err := s.takeShortcut(ctx); err != nil {
		return err
	}
	return s.requireMalloryHas(ctx, "approved")
}

// requireMalloryHas shows the state of Mallory's invoice.
func (s *story) requireMalloryHas(ctx context.Context, want string) error {
	var state string
	if err := s.backstageRow(ctx, "select state from invoicing.supplier_invoice where invoice_no = 6666", &state); err != nil {
		return err
	}
	s.result("6666 " + state)
	if state != want {
		return fmt.Errorf("the demo's invoice 6666 is %s, not %s", state, want)
	}
	return nil
}

func (s *story) guardTable(ctx context.Context) error {
	s.heading("The table gets the gate, and every way leads to it")
	if err := s.administer(ctx,
		"update invoicing.supplier_invoice set state = 'entered' where invoice_no = 6666",
		"select postern.protect_gate('invoicing.supplier_invoice', 'SINWOF_APPROVE', columns => '{state}',\n"+
			"  parameters => '{\"INVOICE_NO\": \"invoice_no\", \"SUPPLIER\": \"supplier\", \"AMOUNT\": \"amount\"}',\n"+
			"  condition => 'new.state = ''approved''')",
	); err != nil {
		return err
	}
	s.say("The same update, with the same login:")
	if _, err := expect[*noPIN](s.takeShortcut(ctx)); err != nil {
		return err
	}
	if err := s.requireMalloryHas(ctx, "entered"); err != nil {
		return err
	}
	s.say("The doctor looks for other ways:")
	return s.run(ctx, exitDone, s.doctor())
}

func (s *story) watchAdministrators(ctx context.Context) error {
	s.heading("The auditors want to know who administers, too")
	return s.run(ctx, exitDone, "$0 event action add administrators --event SECURITY_ADMINISTRATION \\\n"+
		"    --mail auditors@example.com --when '\"gate\" in kinds'")
}

func (s *story) switchOff(ctx context.Context) (err error) {
	s.heading("At night Oscar, an administrator, helps Mallory")
	oscar := pgx.Identifier{s.oscar()}.Sanitize()
	err = s.backstage(ctx,
		"create role "+oscar+" login password '"+s.password+"' in role postern_admin",
		"select postern.allow_login('"+s.oscar()+"')",
	)
	if err != nil {
		return err
	}
	config := s.application.Config().Copy()
	config.User = s.oscar()
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() {
		if closed := connection.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	s.say("He switches the gate off,")
	if _, err := connection.Exec(ctx, "select postern.set_gate_active('SINWOF_APPROVE', false)"); err != nil {
		return err
	}
	s.say("Mallory's update passes,")
	if err := s.takeShortcut(ctx); err != nil {
		return err
	}
	if err := s.requireMalloryHas(ctx, "approved"); err != nil {
		return err
	}
	s.say("and in the morning all looks as it did before.")
	_, err = connection.Exec(ctx, "select postern.set_gate_active('SINWOF_APPROVE', true)")
	return err
}

func (s *story) nameOscar(ctx context.Context, mail *mailReceiver) error {
	s.heading("Only the record does not forget, and it names him")
	if err := s.run(ctx, exitDone, "$0 event run --once --workers 1 --smtp 'smtp://"+mail.address+"?from=postern@example.com'"); err != nil {
		return err
	}
	if count := len(mail.arrived); count != 2 {
		return fmt.Errorf("the demo's auditors got %d mails, not 2", count)
	}
	first, second := <-mail.arrived, <-mail.arrived
	s.say("The auditors got two mails. This is the first one:")
	s.quote(first.content)
	for _, letter := range []string{first.content, second.content} {
		if !strings.Contains(letter, "session_role: "+s.oscar()) {
			return fmt.Errorf("the demo's mail does not name %s:\n%s", s.oscar(), letter)
		}
	}
	s.say("The entries were written by the transactions that made the changes. Triggers on Postern's tables write them, so")
	s.say("no administrator can leave them out, and they are sealed like the approvals:")
	history, err := s.runForOutput(ctx, exitDone, "$0 gate history SINWOF_APPROVE --limit 2 | cut -f 2,7,8")
	if err == nil && strings.Count(history, s.oscar()) != 2 {
		err = fmt.Errorf("the demo's history names %s %d times, not twice", s.oscar(), strings.Count(history, s.oscar()))
	}
	return err
}

func (s *story) showImpact(ctx context.Context) error {
	s.heading("Before a rule changes, everybody can see who would see more")
	s.say("Oscar's colleague wants sales to see the accounts that begin with 4 as well, and asks first:")
	if err := s.file("sales.yaml"); err != nil {
		return err
	}
	return s.run(ctx, exitFound, "$0 apply -f - --impact < sales.yaml")
}
