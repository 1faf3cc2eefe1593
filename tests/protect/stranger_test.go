package protect_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// A role that has rights on a protected table but is not in postern_user gets an error that says what it needs, by
// whatever way it comes.
func TestStrangerIsToldWhatToDo(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	s.ledger(t)
	Run(t, s.owner, `
select postern.protect_company('shop.voucher');
create view shop.of_owner as select * from shop.voucher;
create view shop.of_invoker with (security_invoker) as select * from shop.voucher;
create view shop.documented as select v.* from shop.open as v where exists (select 1 from postern.user_finance_auth_pub as c where c.company = v.company);
create view shop.deprecated as select v.* from shop.open as v where exists (select 1 from postern.company_finance_auth_pub as c where c.company = v.company);
create table shop.written_by_hand as select * from shop.open;
alter table shop.written_by_hand enable row level security;
create policy companies on shop.written_by_hand using (company in (select c.company from postern.user_finance_auth_pub as c));
create function shop.definer_count() returns bigint language sql stable security definer begin atomic select count(*) from shop.voucher; end`)
	login := s.Login(t)
	stranger := login.Connect(t)
	insider := s.Login(t, "postern_trusted_app", login.Name).Connect(t)
	for _, relation := range []string{
		"shop.voucher", "shop.of_owner", "shop.of_invoker", "shop.documented", "shop.deprecated", "shop.written_by_hand",
		"shop.entry", "shop.keyed", "shop.internal",
	} {
		for _, sql := range []string{"select * from " + relation, "select count(*) from " + relation, "select from " + relation + " where company = '10'"} {
			if got := Refused(t, stranger, "PS401", sql); !strings.Contains(got.Hint, "grant postern_user to "+login.Name+";") {
				t.Errorf("%s: HINT %q does not say what to grant", sql, got.Hint)
			}
		}
	}
	Refused(t, stranger, "PS401", "insert into shop.voucher values (6, '10', 1)")
	Refused(t, stranger, "PS401", "update shop.voucher set amount = 0")
	Refused(t, stranger, "PS401", "delete from shop.voucher")
	Refused(t, stranger, "PS401", "insert into shop.entry values (9, '10', 1)")

	// The attack: a session has an end user, and continues as the stranger. That role may not see what ANN may see.
	tx := Begin(t, insider, "ANN")
	requireIDs(t, tx, 1, 2)
	Run(t, tx, "set local role "+pgx.Identifier{login.Name}.Sanitize())
	for _, relation := range []string{"shop.voucher", "shop.of_owner", "shop.of_invoker", "shop.documented", "shop.written_by_hand", "shop.entry", "shop.keyed", "shop.internal"} {
		Within(t, tx, func(tx pgx.Tx) { Refused(t, tx, "PS401", "select * from "+relation) })
	}
	// By name it reaches nothing of what its queries call.
	for _, call := range []string{
		"select postern.current_userid()", "select * from postern.current_companies()", "select postern.ledger_map()",
		"select postern.internal_ledger_offsets()", "select * from postern.user_finance_auth_pub", "select fnd_session_api.get_fnd_user()",
	} {
		Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", call) })
	}

	Run(t, s.Pool, "grant postern_user to "+pgx.Identifier{login.Name}.Sanitize())
	if got := Refused(t, stranger, "PS401", "select * from shop.voucher"); !strings.Contains(got.Hint, "begin_session") {
		t.Errorf("a user without a session is told: %s", got.Hint)
	}
}

// PostgreSQL checks EXECUTE on everything that a policy calls, with the rights of the role that runs the query, before
// it runs any of it.
func TestPoliciesCallWhatEverybodyMayExecute(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	s.ledger(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	called := Values[string](t, s.Pool, `
select distinct f.oid::regprocedure::text
  from pg_policy as p
  join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc as f on f.oid = d.refobjid
 where p.polname like 'postern%'`)
	if len(called) < 5 {
		t.Fatalf("policies call only %q", called)
	}
	stranger := s.Login(t).Name
	for _, function := range called {
		if !Value[bool](t, s.Pool, "select has_function_privilege($1, $2::regprocedure, 'execute')", stranger, function) {
			t.Errorf("%s is called by a policy, and not everybody may execute it", function)
		}
	}
	if views := Values[string](t, s.Pool, `
select distinct p.polrelid::regclass || ' reads ' || d.refobjid::regclass
  from pg_policy as p
  join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass
 where p.polname like 'postern%' and d.refobjid <> p.polrelid`); len(views) > 0 {
		t.Errorf("pg_dump allows no policy that reads a view: %q", views)
	}
}
