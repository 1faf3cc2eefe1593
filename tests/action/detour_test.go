package action_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// detours are what a developer of the application may write who owns a schema and nothing else in the database.
const detours = `
create schema detour;
grant usage on schema detour to postern_user;
create function detour.swallow(action text) returns text language plpgsql as $$
begin
  perform postern.begin_action(action, '{"INVOICE_NO": "100-7"}');
  return 'begun';
exception when others then
  return sqlstate;
end $$;
create function detour.begin_and_undo(action text) returns void language plpgsql as $$
begin
  perform postern.begin_action(action, '{"INVOICE_NO": "100-7"}');
  raise division_by_zero;
exception when division_by_zero then
  null;
end $$;
create function detour.without_setting() returns void language plpgsql set postern.action = '' as $$
begin
  perform payment.first();
end $$;
create function detour.without_session() returns void language plpgsql set postern.session = '' as $$
begin
  perform postern.begin_action('PayInvoice', '{"INVOICE_NO": "100-7"}');
end $$;
create function detour.said_to_be_stable() returns void language plpgsql stable as $$
begin
  perform postern.begin_action('PayInvoice', '{"INVOICE_NO": "100-7"}');
  perform payment.first();
end $$;
create function detour.said_to_be_parallel(work text) returns integer language plpgsql parallel safe as $$
begin
  case work
    when 'gate' then perform payment.first();
    when 'action' then perform postern.begin_action('PayInvoice', '{"INVOICE_NO": "100-7"}');
    when 'harmless' then perform postern.begin_action('Harmless');
  end case;
  return 1;
end $$;
create function detour.on_payment() returns trigger language plpgsql as $$
begin
  perform postern.begin_action('Harmless');
  return new;
end $$;
create procedure detour.commit_within() language plpgsql as $$
begin
  perform postern.begin_action('PayInvoice', '{"INVOICE_NO": "100-7"}');
  perform payment.first();
  commit;
  perform payment.first();
end $$;`

func newDetours(t *testing.T) *company {
	t.Helper()
	t.Parallel()
	c := newCompany(t)
	testsql.Run(t, c.Pool, detours)
	c.register(t, action, ownGate, firstGate)
	c.register(t, "Harmless", "")
	c.activate(t, ownGate, firstGate)
	return c
}

// approved is a transaction of ALICE's with a ticket for the action. None of it is committed.
func (c *company) approved(t *testing.T, do func(tx pgx.Tx)) {
	t.Helper()
	ticket := c.answer(t, c.ask(t, action, parameters))
	tx, err := c.application.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	testsql.Run(t, tx, openGates, ticket)
	do(tx)
}

const reachFirst = "select payment.first()"

// Code that swallows the error has begun nothing. Code that undoes the beginning has no open gate left.
func TestActionInExceptionBlock(t *testing.T) {
	c := newDetours(t)
	if err := c.alice(t, func(tx pgx.Tx) error {
		for _, name := range []string{action, "Nothing"} {
			if got := testsql.Value[string](t, tx, "select detour.swallow($1)", name); got == "begun" {
				t.Errorf("%s: the action has begun, although its error was swallowed", name)
			}
			refusedAndGoOn(t, tx, "PS101", reachFirst)
		}
		// In an action that needs no approval, that action stays the current one.
		testsql.Run(t, tx, beginAction, "Harmless", "{}")
		testsql.Run(t, tx, "select detour.swallow($1)", action)
		refusedAndGoOn(t, tx, "PS105", reachFirst)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.approved(t, func(tx pgx.Tx) {
		testsql.Run(t, tx, "select detour.begin_and_undo($1)", action)
		refusedAndGoOn(t, tx, "PS103", reachFirst)
		if got := testsql.Value[string](t, tx, "select detour.swallow($1)", action); got != "begun" {
			t.Errorf("the action that was undone gives %s the second time", got)
		}
		testsql.Run(t, tx, reachFirst)
		testsql.Run(t, tx, "select detour.begin_and_undo('Harmless')")
		testsql.Run(t, tx, reachFirst)
	})
}

// A trigger begins another action. From there on, the gates are those of that action.
func TestActionThatATriggerBegins(t *testing.T) {
	c := newDetours(t)
	testsql.Run(t, c.Pool, "create trigger aside before update on payment.invoice for each row execute function detour.on_payment()")
	c.approved(t, func(tx pgx.Tx) {
		testsql.Run(t, tx, beginAction, action, parameters)
		testsql.Run(t, tx, reachFirst)
		testsql.Run(t, tx, "select payment.pay()")
		refusedAndGoOn(t, tx, "PS105", reachFirst)
		testsql.Run(t, tx, beginAction, action, parameters)
		testsql.Run(t, tx, reachFirst)
	})
	if err := c.alice(t, func(tx pgx.Tx) error {
		testsql.Run(t, tx, "select payment.pay()")
		refusedAndGoOn(t, tx, "PS105", reachFirst)
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// Settings and declared properties of a function open nothing and hide nothing.
func TestActionInFunctionWithSettings(t *testing.T) {
	c := newDetours(t)
	if err := c.alice(t, func(tx pgx.Tx) error {
		refusedAndGoOn(t, tx, "PS101", "select detour.without_setting()")
		testsql.Run(t, tx, beginAction, "Harmless", "{}")
		// Outside of any action the gate itself asks, and there is no ticket here.
		refusedAndGoOn(t, tx, "PS101", "select detour.without_setting()")
		refusedAndGoOn(t, tx, "PS105", reachFirst)
		refusedAndGoOn(t, tx, "PS101", "select detour.said_to_be_stable()")
		refusedAndGoOn(t, tx, "PS401", "select detour.without_session()")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.approved(t, func(tx pgx.Tx) {
		refusedAndGoOn(t, tx, "PS401", "select detour.without_session()")
		refusedAndGoOn(t, tx, "PS103", "select detour.without_setting()")
		testsql.Run(t, tx, "select detour.said_to_be_stable()")
	})
}

// A parallel worker can neither write the log nor change a setting of its leader. It fails, and opens nothing.
func TestActionInParallelWorker(t *testing.T) {
	c := newDetours(t)
	testsql.Run(t, c.Pool, "create table detour.many as select n from generate_series(1, 1000) as n; analyze detour.many; grant select on detour.many to postern_user")
	parallel := func(tx pgx.Tx) {
		for _, setting := range []string{"parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0", "max_parallel_workers_per_gather = 2", "parallel_leader_participation = off"} {
			testsql.Run(t, tx, "set local "+setting)
		}
	}
	const work = "select sum(detour.said_to_be_parallel($1)) from detour.many"
	refused := func(name string, err error) {
		t.Helper()
		if code := testdb.Code(err); len(code) != 5 || code[:2] != "25" {
			t.Errorf("%s in a worker: %v, want that it may not write", name, err)
		}
	}
	for _, name := range []string{"gate", "action", "harmless"} {
		refused(name, c.alice(t, func(tx pgx.Tx) error {
			parallel(tx)
			return execute(t, tx, work, name)
		}))
		c.approved(t, func(tx pgx.Tx) {
			parallel(tx)
			if name == "gate" {
				testsql.Run(t, tx, beginAction, action, parameters)
			}
			refused(name, execute(t, tx, work, name))
		})
	}
}

// An action ends with its transaction, even if the procedure continues after it.
func TestActionInProcedureThatCommits(t *testing.T) {
	c := newDetours(t)
	ticket := c.answer(t, c.ask(t, action, parameters))
	// Without a transaction block: the procedure itself opens the gates, as an application server would.
	testsql.Run(t, c.Pool, `
create procedure detour.resend(ticket uuid) language plpgsql as $$
begin
  perform postern.assume_user('ALICE');
  perform postern.open_gates(ticket);
  call detour.commit_within();
end $$`)
	err := execute(t, c.application, "call detour.resend($1::uuid)", ticket)
	testdb.RequireCode(t, err, "PS401")
	requireLog(t, c.takeLog(t, new(int64)), entry{"passed", ownGate, action, "Invoice 100-7 paid"}, entry{"passed", firstGate, action, "Invoice 100-7 changed"})
}
