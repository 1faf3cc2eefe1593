package guard_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// catalog is everything that makes up a guard, with object identifiers and rows of the catalogs.
func (s *scene) catalog(t *testing.T) string {
	t.Helper()
	return strings.Join(Values[string](t, s.Pool, `
select format('trigger %s %s %s %s', t.oid, t.xmin, pg_get_triggerdef(t.oid), t.tgenabled)
  from pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace = 'shop'::regnamespace
 union all
select format('function %s %s %s %s', p.oid, p.xmin, p.proowner, pg_get_functiondef(p.oid)) from pg_proc as p where p.pronamespace = 'shop'::regnamespace
 union all
select format('other %s', c.relname) from pg_class as c where c.relnamespace = 'shop'::regnamespace
 union all
select format('grants %s', c.relacl) from pg_class as c where c.relnamespace = 'shop'::regnamespace
 union all
select p::text from postern.protected_table as p
 order by 1`), "\n")
}

func TestGuardingAgainChangesNothing(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	before := s.catalog(t)
	Run(t, s.owner, guardApproval)
	Run(t, s.Pool, guardApproval) // by a superuser
	if after := s.catalog(t); after != before {
		t.Errorf("guarding again has changed\n%s\nto\n%s", before, after)
	}
	Run(t, s.owner, "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')")
	if got := Value[string](t, s.Pool, "select coalesce(string_agg(tgname, ' '), '') from pg_trigger where tgrelid = 'shop.invoice'::regclass") + Value[string](t, s.Pool, "select coalesce(string_agg(proname, ' '), '') from pg_proc where pronamespace = 'shop'::regnamespace"); got != "" {
		t.Errorf("after unprotecting, there still is %s", got)
	}
	s.send(t, nil, "update shop.invoice set approved = true", "truncate shop.invoice")
	Refused(t, s.owner, "PS107", "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')")
}

func TestGuardingAgainRepairs(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	before := s.catalog(t)
	function := Value[string](t, s.Pool, "select oid::regproc::text from pg_proc where proname like 'postern_guard_%'")
	for _, fault := range []string{
		"alter table shop.invoice disable trigger postern_guard_shop_approve_update",
		"alter table shop.invoice enable replica trigger postern_guard_shop_approve_update",
		"drop trigger postern_guard_shop_approve_insert on shop.invoice",
		"create or replace trigger postern_guard_shop_approve_update after update on shop.invoice referencing old table as postern_old new table as postern_new for each statement execute function " + function + "()",
		"create or replace trigger postern_guard_shop_approve_update after update on shop.invoice referencing old table as postern_old new table as postern_new for each statement when (postern.guard_stops('SHOP_PLAIN')) execute function " + function + "()",
		"create or replace trigger postern_guard_shop_approve_update after update of note on shop.invoice for each row execute function " + function + "()",
		"create or replace trigger postern_guard_shop_approve_truncate before truncate on shop.invoice for each statement when (postern.guard_stops('SHOP_PLAIN')) execute function postern.refuse_guarded_truncate('x')",
		"create or replace function " + function + "() returns trigger language plpgsql as 'begin return null; end'",
		"alter function " + function + "() security invoker",
		"alter function " + function + "() reset timezone",
	} {
		Run(t, s.owner, fault)
		Run(t, s.owner, guardApproval)
		s.asked(t, "update shop.invoice set approved = true where invoice_no = 1")
		s.asked(t, "insert into shop.invoice values (9, 9, true)")
		s.within(t, nil, func(tx pgx.Tx) { Refused(t, tx, "55000", "truncate shop.invoice") })
	}
	if strings.Count(s.catalog(t), "\n") != strings.Count(before, "\n") {
		t.Errorf("now there is:\n%s\nbefore there was\n%s", s.catalog(t), before)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, "create view shop.view as select * from shop.invoice; create table shop.part (a integer) partition by list (a); create table shop.part_1 partition of shop.part for values in (1)")
	const parameters = `'{"INVOICE": "invoice_no", "AMOUNT": "amount"}'`
	for arguments, code := range map[string]string{
		"null, 'SHOP_PLAIN'":                                                                                      "PS107",
		"'shop.view', 'SHOP_PLAIN'":                                                                               "PS107",
		"'shop.part_1', 'SHOP_PLAIN'":                                                                             "PS107",
		"'postern.setting', 'SHOP_PLAIN'":                                                                         "PS107",
		"'shop.invoice', null":                                                                                    "PS106",
		"'shop.invoice', 'shop_plain'":                                                                            "PS106",
		"'shop.invoice', 'POSTERN_PIN_CHANGE'":                                                                    "PS107",
		"'shop.invoice', 'SHOP_PLAIN', null":                                                                      "PS107",
		"'shop.invoice', 'SHOP_PLAIN', '{}'":                                                                      "PS107",
		"'shop.invoice', 'SHOP_PLAIN', '{truncate}'":                                                              "PS107",
		"'shop.invoice', 'SHOP_PLAIN', '{insert,null}'":                                                           "PS107",
		"'shop.invoice', 'SHOP_PLAIN', '{insert,INSERT}'":                                                         "PS107",
		"'shop.invoice', 'SHOP_PLAIN', '{insert}', '{note}'":                                                      "PS107",
		"'shop.invoice', 'SHOP_PLAIN', columns => '{}'":                                                           "PS107",
		"'shop.invoice', 'SHOP_PLAIN', columns => '{gone}'":                                                       "PS107",
		"'shop.invoice', 'SHOP_PLAIN', columns => '{Note}'":                                                       "PS107",
		"'shop.invoice', 'SHOP_PLAIN', columns => '{xmin}'":                                                       "PS107",
		"'shop.invoice', 'SHOP_PLAIN', columns => '{null}'":                                                       "PS107",
		"'shop.invoice', 'SHOP_APPROVE'":                                                                          "PS107",
		"'shop.invoice', 'SHOP_PLAIN', parameters => '[]'":                                                        "PS107",
		"'shop.invoice', 'SHOP_PLAIN', parameters => 'null'":                                                      "PS107",
		"'shop.invoice', 'SHOP_PLAIN', parameters => " + parameters:                                               "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no"}'`:                               "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": 1}'`:                  "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": null}'`:               "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "sum(note)"}'`:        "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "sum(a) or (b)"}'`:    "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount) or (true"}'`: "PS107",
		`'shop.invoice', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "amount": "amount"}'`:           "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'new.gone'":                                                   "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'approved'":                                                   "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'new.note'":                                                   "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'true)'":                                                      "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'tg_op = ''INSERT'''":                                         "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'shop.nothing(new)'":                                          "PS107",
		"'shop.invoice', 'SHOP_PLAIN', condition => 'count(*) > 1'":                                               "PS107",
	} {
		Refused(t, s.owner, code, "select postern.protect_gate("+arguments+")")
	}
	if got := Value[int](t, s.Pool, "select count(*) from postern.protected_table") + Value[int](t, s.Pool, "select count(*) from pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace = 'shop'::regnamespace"); got != 0 {
		t.Errorf("%d things are left", got)
	}
	// A blank condition is none, and columns may have odd names.
	Run(t, s.owner, `
create table shop."Odd ""one""" ("a b" integer, "sum(" numeric, "count" integer, "new" text);
select postern.protect_gate('shop."Odd ""one"""', 'SHOP_APPROVE', array['INSERT', 'update'], array['a b', 'new'], '{"INVOICE": "a b", "AMOUNT": "count"}', ' ')`)
	if got := s.asked(t, `insert into shop."Odd ""one""" values (1, 2, 3, 'x')`).Message; got != "Invoice 1 over 3 approved" {
		t.Errorf("the question is %q", got)
	}
}

func TestOtherArgumentsNeedAnUnprotect(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval)
	refused := Refused(t, s.owner, "PS107", strings.Replace(guardApproval, "{approved}", "{note}", 1))
	if !strings.Contains(refused.Detail, "approved") || !strings.Contains(refused.Hint, "postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')") {
		t.Errorf("DETAIL %q, HINT %q", refused.Detail, refused.Hint)
	}
	Run(t, s.owner, "begin; select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE'); "+strings.Replace(guardApproval, "{approved}", "{note}", 1)+"; commit")
	s.asked(t, "update shop.invoice set note = 'x' where invoice_no = 1")
}

// A table may be guarded by several gates, and be protected by company as well.
func TestGuardsAndRowSecurityOfATableAreApart(t *testing.T) {
	s := newScene(t)
	Run(t, s.Pool, "select postern.create_company('10', 'Ten'), postern.grant_company('ANN', '10')")
	Run(t, s.owner, "alter table shop.invoice add company text default '10'; "+guardApproval+"; select postern.protect_company('shop.invoice'); select postern.protect_gate('shop.invoice', 'SHOP_PLAIN', '{delete}')")
	if got := Value[string](t, s.Pool, "select string_agg(concat_ws(' ', protection, gate_id), ', ' order by protection, gate_id) from postern.protected_table"); got != "company, gate SHOP_APPROVE, gate SHOP_PLAIN" {
		t.Errorf("protected_table has %s", got)
	}
	s.asked(t, "update shop.invoice set approved = true where invoice_no = 1")
	Run(t, s.owner, "select postern.unprotect('shop.invoice')")
	if got := s.asked(t, "update shop.invoice set approved = true where invoice_no = 1"); got.Gate != gate {
		t.Errorf("the question is %+v, want that of %s", got, gate)
	}
	Run(t, s.owner, "select postern.protect_company('shop.invoice'), postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')")
	s.send(t, nil, "update shop.invoice set approved = true")
	if got := Value[string](t, s.Pool, "select string_agg(concat_ws(' ', protection, gate_id), ', ' order by protection, gate_id) from postern.protected_table"); got != "company, gate SHOP_PLAIN" {
		t.Errorf("after unprotecting, protected_table has %s", got)
	}
}

// If a column of the guard is renamed or dropped, writes fail. None passes unguarded.
func TestChangedTableIsNotWrittenUnguarded(t *testing.T) {
	for name, change := range map[string]string{
		"guarded column renamed":    "alter table shop.invoice rename approved to released",
		"parameter renamed":         "alter table shop.invoice rename amount to total",
		"guarded column dropped":    "alter table shop.invoice drop approved; alter table shop.invoice add released boolean",
		"type changed":              "alter table shop.invoice alter approved drop default, alter approved type text; alter table shop.invoice rename approved to released",
		"function of guard is gone": "drop function " + "shop.none() cascade",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			Run(t, s.owner, guardApproval)
			if strings.HasPrefix(change, "drop function") {
				Fails(t, s.owner, "2BP01", "drop function "+Value[string](t, s.Pool, "select oid::regprocedure::text from pg_proc where proname like 'postern_guard_%'"))
				return
			}
			Run(t, s.owner, change)
			s.within(t, nil, func(tx pgx.Tx) { Fails(t, tx, "42703", "update shop.invoice set released = 'true'") })
		})
	}
	s := newScene(t)
	Run(t, s.owner, guardApproval+"; alter table shop.invoice rename to bill")
	s.asked(t, "update shop.bill set approved = true where invoice_no = 1")
	Run(t, s.owner, strings.Replace(guardApproval, "shop.invoice", "shop.bill", 1))
	s.asked(t, "update shop.bill set approved = true where invoice_no = 1")
	Run(t, s.owner, "select postern.unprotect_gate('shop.bill', 'SHOP_APPROVE')")
	s.send(t, nil, "update shop.bill set approved = true")
}

func TestDumpHasTheGuards(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, guardApproval+"; "+`
create table shop.part (invoice_no integer, amount numeric, approved boolean) partition by list (invoice_no);
create table shop.part_1 partition of shop.part for values in (1);
select postern.protect_gate('shop.part', 'SHOP_APPROVE', columns => '{approved}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', condition => 'new.approved')`)
	copied := testdb.Empty(t)
	// The server's programs may run in a container, which cannot read the test's files.
	var dump, problems bytes.Buffer
	err := s.Server.Run(t.Context(), server.Program{Name: "pg_dump", Database: s.Name, Stdout: &dump, Stderr: &problems})
	if err == nil {
		err = s.Server.Run(t.Context(), server.Program{Name: "psql", Arguments: []string{"-qX", "-v", "ON_ERROR_STOP=1"}, Database: copied.Name, Stdin: &dump, Stderr: &problems})
	}
	if err != nil {
		t.Fatal(err, problems.String())
	}
	const all = "select string_agg(format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled), E'\\n' order by tgrelid::regclass::text, tgname) from pg_trigger as t where tgname like '%postern_guard_%'"
	if got, want := Value[string](t, copied.Pool, all), Value[string](t, s.Pool, all); got != want {
		t.Errorf("restored is\n%s\nwant\n%s", got, want)
	}
	for _, table := range []string{"shop.invoice", "shop.part", "shop.part_1"} {
		Refused(t, copied.Pool, "PS401", "insert into "+table+" values (1, 1, true) on conflict do nothing; update "+table+" set approved = not approved")
	}
	Run(t, copied.Pool, guardApproval)
}
