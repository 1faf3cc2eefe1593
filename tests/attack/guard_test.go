package attack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

const (
	// guardGate has the parameters INVOICE and AMOUNT.
	guardGate = "SHOP_APPROVE"

	// invoices are three tables with the same rows. Only a function asks before it writes shop.open; shop.naive has the
	// guard that comes to mind first, a trigger for each row and column; and shop.invoice is guarded by protect_gate.
	invoices = `
create table shop.open (invoice_no integer primary key, amount double precision not null, approved boolean not null default false,
                        state text generated always as (case when approved then 'approved' else 'new' end) stored, note text);
create table shop.naive (like shop.open including all);
create table shop.invoice (like shop.open including all);
insert into shop.open (invoice_no, amount) select n, n * 10 from generate_series(1, 5) as n;
insert into shop.naive (invoice_no, amount) select n, n * 10 from generate_series(1, 5) as n;
insert into shop.invoice (invoice_no, amount) select n, n * 10 from generate_series(1, 5) as n;
create function shop.naive_guard() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform postern.checkpoint('SHOP_NAIVE', jsonb_build_object('INVOICE', new.invoice_no, 'AMOUNT', new.amount));
  return new;
end
$$;
create trigger naive_guard before insert or update of approved on shop.naive for each row when (new.approved) execute function shop.naive_guard();
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', columns => '{approved,state}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}',
                            condition => 'new.approved and not old.approved')`
)

// shop is a scene whose owner has guarded a table.
type shop struct {
	*scene
	owner, application *pgx.Conn
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true),
       postern.register_gate('SHOP_NAIVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', true)`)
	owner := s.Login(t, "postern_admin", "postern_trusted_app")
	testsql.Run(t, s.Pool, "create schema shop authorization "+pgx.Identifier{owner.Name}.Sanitize())
	office := &shop{scene: s, owner: owner.Connect(t), application: s.connect(t)}
	testsql.Run(t, office.owner, `
grant usage, create on schema shop to public;
alter default privileges in schema shop grant all on tables to public;`+invoices)
	return office
}

// approvedIn are the approved rows of a table.
func (s *shop) approvedIn(t *testing.T, table string) string {
	t.Helper()
	return testsql.Value[string](t, s.Pool, "select coalesce(string_agg(invoice_no::text, ' ' order by invoice_no), '') from "+table+" where approved")
}

// shown is the message that a statement asks with.
func shown(t *testing.T, tx pgx.Tx, sql string) string {
	t.Helper()
	var detail struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(refusedAndGoOn(t, tx, "PS101", sql).Detail), &detail); err != nil {
		t.Fatal(err)
	}
	return detail.Message
}

// Each way approves invoices without asking anybody on a naive table: one where only functions ask, or one with a
// trigger for each row. On the guarded table it gets PS101. If it hides that error, nothing has been written.
func TestNoWayAroundAGuard(t *testing.T) {
	t.Parallel()
	const naive, none = "shop.naive", "shop.open"
	for name, test := range map[string]struct {
		around string // the naive table on which the way works
		set    string // what the owner of the tables has created; %[1]s is the table
		attack string
		silent bool // no error reaches the caller
	}{
		"direct write":      {none, "", "update %[1]s set approved = true", false},
		"direct insert":     {none, "", "insert into %[1]s (invoice_no, amount, approved) values (9, 9, true)", false},
		"several in one":    {none, "", "with a as (update %[1]s set approved = true where invoice_no = 1 returning 1) update shop.open set note = 'x' from a", false},
		"cursor":            {none, "", "do $$ declare c cursor for select from %[1]s for update; begin open c; move c; update %[1]s set approved = true where current of c; end $$", false},
		"merge":             {none, "", "merge into %[1]s as i using (values (1), (9)) as v (no) on i.invoice_no = v.no when matched then update set approved = true when not matched then insert (invoice_no, amount, approved) values (v.no, 1, true)", false},
		"swallowed PS101":   {none, "", "do $$ begin begin perform postern.checkpoint('SHOP_NAIVE', '{}'); exception when others then null; end; update %[1]s set approved = true; end $$", false},
		"swallowed guard":   {none, "", "do $$ begin update %[1]s set approved = true; exception when others then null; end $$", true},
		"function with SET": {none, "create function shop.go() returns void language plpgsql set search_path = shop set row_security = off as $$ begin update %[1]s set approved = true; end $$; grant execute on function shop.go() to public", "select shop.go()", false},
		"function of the owner": {none, "create function shop.go() returns void language sql security definer set search_path = pg_catalog, pg_temp as 'update %[1]s set approved = true'",
			"select shop.go()", false},
		"conflict on another column": {naive, "drop trigger naive_guard on shop.naive; create trigger naive_guard before insert on shop.naive for each row when (new.approved) execute function shop.naive_guard()",
			"insert into %[1]s (invoice_no, amount) values (1, 1) on conflict (invoice_no) do update set approved = true", false},
		"trigger that sets another column": {naive, "create function shop.follow() returns trigger language plpgsql as $$ begin new.approved := true; return new; end $$; create trigger zz_follow before update on %[1]s for each row execute function shop.follow()",
			"update %[1]s set note = 'x' where invoice_no = 1", false},
		"rule": {naive, "drop trigger naive_guard on shop.naive; create table shop.inbox (no integer); grant insert on shop.inbox to public; create rule go as on insert to shop.inbox do instead update %[1]s set approved = true where invoice_no = new.no",
			"insert into shop.inbox values (1)", false},
		"view with a trigger": {none, "create view shop.screen as select * from %[1]s; grant all on shop.screen to public; create function shop.screen() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin update %[1]s set approved = true where invoice_no = new.invoice_no; return null; end $$; create trigger instead instead of update on shop.screen for each row execute function shop.screen()",
			"update shop.screen set note = 'x' where invoice_no = 1", false},
		"view": {none, "create view shop.screen as select * from %[1]s; grant all on shop.screen to public", "update shop.screen set approved = true", false},
		"foreign key that cascades": {naive, "create table shop.flag (approved boolean, invoice_no integer, primary key (invoice_no, approved)); grant all on shop.flag to public; insert into shop.flag select invoice_no, false from shop.open; " +
			"alter table %[1]s add foreign key (invoice_no, approved) references shop.flag (invoice_no, approved) on update cascade; drop trigger naive_guard on shop.naive",
			"update shop.flag set approved = true", false},
		"deferred trigger": {none, "create function shop.later() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin update %[1]s set approved = true; return null; end $$; create table shop.queue (); grant all on shop.queue to public; create constraint trigger later after insert on shop.queue deferrable initially deferred for each row execute function shop.later()",
			"insert into shop.queue default values; set constraints all immediate", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			// What was created for the first table is dropped, because the second one needs the same names.
			for _, table := range []string{test.around, "shop.invoice"} {
				if test.set != "" {
					set := test.set
					if table == "shop.invoice" {
						set = strings.ReplaceAll(strings.ReplaceAll(set, "drop trigger naive_guard on shop.naive; ", ""), "; drop trigger naive_guard on shop.naive", "")
						if strings.HasPrefix(set, "create trigger naive_guard") {
							set = "select"
						}
					}
					set = strings.ReplaceAll(set, "select invoice_no, false from shop.open", "select false, invoice_no from shop.open")
					testsql.Run(t, s.owner, fmt.Sprintf(set+" -- %[1]s", table))
				}
				tx := begin(t, s.application, alice)
				sql := fmt.Sprintf(test.attack+" -- %[1]s", table)
				switch {
				case table != "shop.invoice":
					testsql.Run(t, tx, sql)
					commit(t, tx)
					if s.approvedIn(t, table) == "" {
						t.Fatal("naive: the attack does nothing")
					}
					testsql.Run(t, s.owner, "drop function if exists shop.go(), shop.follow(), shop.screen(), shop.later() cascade; drop view if exists shop.screen; drop table if exists shop.inbox, shop.flag, shop.queue cascade")
				case test.silent:
					testsql.Run(t, tx, sql)
					commit(t, tx)
				default:
					testsql.Refused(t, tx, "PS101", sql)
					rollback(t, tx)
				}
			}
			if got := s.approvedIn(t, "shop.invoice"); got != "" {
				t.Errorf("invoices %s were approved without an approval", got)
			}
		})
	}
}

// COPY sends rows and no statement.
func TestCopyReachesTheGuard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for table, want := range map[string]string{"open": "", "invoice": "PS101"} {
		tx := begin(t, s.application, alice)
		_, err := tx.CopyFrom(t.Context(), pgx.Identifier{"shop", table}, []string{"invoice_no", "amount", "approved"}, pgx.CopyFromRows([][]any{{9, 9.0, true}}))
		if (err == nil) != (want == "") {
			t.Errorf("COPY into shop.%s: got %v", table, err)
		}
		rollback(t, tx)
	}
}

// session_replication_role switches off ordinary triggers, for whoever may set it.
func TestReplicationRoleDoesNotSwitchOffAGuard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.Pool, "grant set on parameter session_replication_role to "+pgx.Identifier{s.application.Config().User}.Sanitize())
	tx := begin(t, s.application, alice)
	testsql.Run(t, tx, "set local session_replication_role = replica")
	testsql.Run(t, tx, "update shop.naive set approved = true")
	testsql.Refused(t, tx, "PS101", "update shop.invoice set approved = true")
	rollback(t, tx)
}

// GRANT ALL includes TRIGGER, and CREATE OR REPLACE TRIGGER asks for nothing else.
func TestNobodyElseReplacesATriggerOfAGuard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.application, "create function shop.harmless() returns trigger language plpgsql as 'begin return null; end'")
	const replace = "create or replace trigger %s after update on %s for each statement execute function shop.harmless()"
	testsql.Run(t, s.owner, "create trigger guard after update on shop.naive for each statement execute function shop.naive_guard()")
	testsql.Run(t, s.application, fmt.Sprintf(replace, "guard", "shop.naive"))
	testsql.Fails(t, s.application, "42501", fmt.Sprintf(replace, "postern_guard_shop_approve_update", "shop.invoice"))
	testsql.Fails(t, s.application, "42501", "alter table shop.invoice disable trigger postern_guard_shop_approve_update")
	testsql.Fails(t, s.application, "42501", "create or replace function shop."+testsql.Value[string](t, s.Pool, "select proname from pg_proc where proname like 'postern_guard_shop_approve_%'")+"() returns trigger language plpgsql as 'begin return null; end'")
}

// The rows of a partition are also reached by its own name, where the triggers of its parent do not fire.
func TestEachPartitionIsGuarded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"naive_part", "part"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.%[1]s (invoice_no integer, amount integer, approved boolean default false, year integer) partition by list (year);
create table shop.%[1]s_1 partition of shop.%[1]s for values in (1);
create table shop.%[1]s_2 (year integer, approved boolean default false, amount integer, gone text, invoice_no integer);
alter table shop.%[1]s_2 drop gone;
alter table shop.%[1]s attach partition shop.%[1]s_2 for values in (2);
insert into shop.%[1]s select n, n * 10, false, 1 + n %% 2 from generate_series(1, 4) as n`, table))
	}
	testsql.Run(t, s.owner, `
create function shop.naive_statement() returns trigger language plpgsql as $$ begin perform postern.checkpoint('SINWOF_RELEASE'); return null; end $$;
create trigger guard after update on shop.naive_part for each statement execute function shop.naive_statement();
select postern.protect_gate('shop.part', 'SHOP_APPROVE', columns => '{approved}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	refusedAndGoOn(t, tx, "PS101", "update shop.naive_part set approved = true")
	testsql.Run(t, tx, "update shop.naive_part_1 set approved = true")
	for sql, want := range map[string]string{
		"update shop.part set approved = true":                                 "Invoice 1 over 10 approved\nInvoice 2 over 20 approved\nInvoice 3 over 30 approved\nInvoice 4 over 40 approved",
		"update shop.part_1 set approved = true where invoice_no = 2":          "Invoice 2 over 20 approved",
		"update shop.part_2 set approved = true where invoice_no = 3":          "Invoice 3 over 30 approved",
		"update shop.part set approved = true, year = year":                    "Invoice 1 over 10 approved\nInvoice 2 over 20 approved\nInvoice 3 over 30 approved\nInvoice 4 over 40 approved",
		"delete from shop.part where invoice_no = 1":                           "Invoice 1 over 10 approved",
		"insert into shop.part values (5, 50, true, 2)":                        "Invoice 5 over 50 approved",
		"insert into shop.part_2 (invoice_no, amount, year) values (6, 60, 2)": "Invoice 6 over 60 approved",
		"merge into shop.part as p using (values (1), (3)) as v (no) on p.invoice_no = v.no when matched and v.no = 1 then update set approved = true when matched then update set year = 1": "Invoice 1 over 10 approved",
	} {
		if got := shown(t, tx, sql); got != want {
			t.Errorf("%s: shown is %q, want %q", sql, got, want)
		}
	}
	for _, table := range []string{"shop.part", "shop.part_1", "shop.part_2"} {
		refusedAndGoOn(t, tx, "55000", "truncate "+table)
	}
	testsql.Run(t, tx, "update shop.part set year = 3 - year") // nothing guarded changes
}

// A partition that comes later is guarded through its parent, and by its own name once the table is protected again.
// doctor finds it, and says so.
func TestLaterPartitionIsGuardedOnceProtectedAgain(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]string{
		"created":  "create table shop.part_1 partition of shop.part for values in (1)",
		"attached": "create table shop.part_1 (invoice_no integer, amount integer); alter table shop.part attach partition shop.part_1 for values in (1)",
		"below":    "create table shop.middle partition of shop.part for values in (1) partition by list (amount); create table shop.part_1 partition of shop.middle default",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			testsql.Run(t, s.owner, "create table shop.part (invoice_no integer, amount integer) partition by list (invoice_no);"+
				`select postern.protect_gate('shop.part', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}');`+later)
			tx := begin(t, s.application, alice)
			refusedAndGoOn(t, tx, "PS101", "insert into shop.part values (1, 1)")
			testsql.Run(t, tx, "insert into shop.part_1 values (1, 1)") // naive: what PostgreSQL leaves to us
			rollback(t, tx)
			for _, fix := range s.changedGuards(t) {
				testsql.Run(t, s.owner, fix)
			}
			tx = begin(t, s.application, alice)
			testsql.Refused(t, tx, "PS101", "insert into shop.part_1 values (1, 1)")
			rollback(t, tx)
			if left := s.changedGuards(t); len(left) > 0 {
				t.Errorf("doctor still says %q", left)
			}
		})
	}
}

// changedGuards are the fixes of doctor's findings about guards.
func (s *shop) changedGuards(t *testing.T) []string {
	t.Helper()
	return testsql.Values[string](t, s.Pool, "select fix from postern.doctor where code = 'changed_guard'")
}

// A MERGE puts a row that moves to another partition into no transition table of an UPDATE. So no statement may both
// move a row and change what the guard watches.
func TestGuardedRowDoesNotMoveUnseen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"naive_part", "part", "keyed"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.%[1]s (invoice_no integer, amount integer, approved boolean default false, year integer, day date default '2026-01-01') partition by list (year);
create table shop.%[1]s_1 partition of shop.%[1]s for values in (1);
create table shop.%[1]s_2 partition of shop.%[1]s for values in (2) partition by range (date_trunc('month', day::timestamp));
create table shop.%[1]s_2_1 partition of shop.%[1]s_2 for values from ('2026-01-01') to ('2026-02-01');
create table shop.%[1]s_2_2 partition of shop.%[1]s_2 default;
insert into shop.%[1]s select n, n * 10, false, 1 + n %% 2 from generate_series(1, 4) as n`, table))
	}
	testsql.Run(t, s.owner, `
create function shop.naive_statement() returns trigger language plpgsql as $$
begin
  if exists (select from new_rows as n where n.approved) then
    perform postern.checkpoint('SINWOF_RELEASE');
  end if;
  return null;
end
$$;
create trigger guard after update on shop.naive_part referencing new table as new_rows for each statement execute function shop.naive_statement();
select postern.protect_gate(target, 'SHOP_APPROVE', '{update}', columns, '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')
  from (values ('shop.part'::regclass, '{approved}'::name[]), ('shop.keyed', null)) as v (target, columns)`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	const merge, update = "merge into %s as p using (values (1)) as v (no) on p.invoice_no = v.no when matched then update set ", "update %s set "
	for _, set := range []string{"approved = true, year = 1", "approved = true, day = '2026-02-03'"} {
		testsql.Within(t, tx, func(tx pgx.Tx) { testsql.Run(t, tx, fmt.Sprintf(merge+set, "shop.naive_part")) })
		for _, table := range []string{"shop.part", "shop.keyed"} {
			refusedAndGoOn(t, tx, "55000", fmt.Sprintf(merge+set, table))
			refusedAndGoOn(t, tx, "55000", fmt.Sprintf(update+set, table))
		}
	}
	refusedAndGoOn(t, tx, "55000", fmt.Sprintf(merge+"year = 1", "shop.keyed"))
	// What stays in its partition is seen, and what changes nothing guarded may move.
	for _, set := range []string{"approved = true, year = 2", "approved = true, day = '2026-01-02'"} {
		shown(t, tx, fmt.Sprintf(merge+set, "shop.part"))
		shown(t, tx, fmt.Sprintf(merge+set, "shop.keyed"))
	}
	testsql.Run(t, tx, fmt.Sprintf(merge+"year = 1", "shop.part"))
	testsql.Run(t, tx, fmt.Sprintf(update+"year = 3 - year", "shop.part"))
}

// A BEFORE trigger that swallows a row on its way to another partition leaves fewer new rows than old ones. Whoever
// pairs them by order then compares each row with another one.
func TestSwallowedMoveIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
create table shop.part (invoice_no integer, amount integer, approved boolean default false, year integer) partition by list (year);
create table shop.part_1 partition of shop.part for values in (1);
create table shop.part_2 partition of shop.part for values in (2);
insert into shop.part values (1, 10, true, 1), (2, 20, false, 1);
create function shop.swallow() returns trigger language plpgsql as $$ begin return case when new.invoice_no = 1 then null else new end; end $$;
create trigger swallow before insert on shop.part_2 for each row execute function shop.swallow();
select postern.protect_gate('shop.part', 'SHOP_APPROVE', '{update}', '{approved}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	if got := refusedAndGoOn(t, tx, "55000", "update shop.part set year = 2"); got.Message != "The guard of shop.part cannot compare old rows with new ones" {
		t.Errorf("the message is %q", got.Message)
	}
}

// What is shown is what is stored, whatever changes it on the way.
func TestGuardShowsTheFinalRow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"naive", "invoice"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create or replace function shop.raise_amount() returns trigger language plpgsql as $$ begin new.amount := 1000000; return new; end $$;
create trigger zz_raise before update on shop.%s for each row execute function shop.raise_amount()`, table))
	}
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	if got := shown(t, tx, "update shop.naive set approved = true where invoice_no = 1"); got != "Invoice 1 over 10 approved" {
		t.Fatalf("naive: shown is %q", got)
	}
	if got := shown(t, tx, "update shop.invoice set approved = true where invoice_no = 1"); got != "Invoice 1 over 1000000 approved" {
		t.Errorf("the question is %q, not the stored row", got)
	}
}

// A generated column has its value only when the row is stored, and a trigger of each row comes before that.
func TestGuardShowsGeneratedValues(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"naive_net", "net"} {
		testsql.Run(t, s.owner, fmt.Sprintf("create table shop.%[1]s (invoice_no integer, net integer, amount integer generated always as (net * 2) stored, approved boolean); insert into shop.%[1]s values (1, 5)", table))
	}
	testsql.Run(t, s.owner, `
create trigger naive_guard before update of approved on shop.naive_net for each row execute function shop.naive_guard();
select postern.protect_gate('shop.net', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	const set = " set approved = true, net = 50"
	if got := shown(t, tx, "update shop.naive_net"+set); got == "Invoice 1 over 100 approved" {
		t.Fatal("naive: the value is shown")
	}
	if got := shown(t, tx, "update shop.net"+set); got != "Invoice 1 over 100 approved" {
		t.Errorf("shown is %q", got)
	}
}

// The owner of a type can say later how its values become JSON. That function would run with the rights of the table's
// owner, and show something else than what is stored.
func TestOwnerOfATypeChangesNothingThatAGuardShows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	mallory := s.Login(t)
	testsql.Run(t, s.Pool, "create schema stranger authorization "+mallory.Name+"; grant usage on schema stranger to public")
	stranger := mallory.Connect(t)
	testsql.Run(t, stranger, `
create type stranger.state as enum ('new', 'paid');
create domain stranger.named as stranger.state;
create type stranger.pair as (state stranger.state, note text);
create type stranger.span as range (subtype = stranger.state)`)
	number := 0
	for kind, column := range map[string]struct{ value, cast string }{
		"state": {"'paid'", "state"}, "named": {"'paid'", "state"}, "state[]": {"'{paid}'", "state"}, "pair": {`'(paid,"as agreed")'`, "state"}, "span": {"'[paid,paid]'", "span"},
	} {
		value := column.value
		number++
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.typed_%[1]d (invoice_no integer, kind stranger.%[2]s);
create function shop.naive_typed_%[1]d() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform postern.checkpoint('SHOP_NAIVE', (select jsonb_build_object('INVOICE', n.invoice_no, 'AMOUNT', n.kind) from postern_new as n));
  return null;
end
$$;
create table shop.naive_typed_%[1]d (like shop.typed_%[1]d);
create trigger guard after insert on shop.naive_typed_%[1]d referencing new table as postern_new for each statement execute function shop.naive_typed_%[1]d();
select postern.protect_gate('shop.typed_%[1]d', 'SHOP_APPROVE', '{insert}', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "kind"}')`, number, kind))
		tx := begin(t, s.application, alice)
		before := shown(t, tx, fmt.Sprintf("insert into shop.typed_%d values (1, %s)", number, value))
		testsql.Run(t, stranger, fmt.Sprintf(`
create function stranger.lie(stranger.%[1]s) returns json language plpgsql as $$ begin execute 'grant all on shop.open to %[2]s'; return '"new"'; end $$;
grant execute on function stranger.lie(stranger.%[1]s) to public;
create cast (stranger.%[1]s as json) with function stranger.lie(stranger.%[1]s)`, column.cast, mallory.Name))
		naive := shown(t, tx, fmt.Sprintf("insert into shop.naive_typed_%d values (1, %s)", number, value))
		if !strings.Contains(naive, "new") || strings.Contains(naive, "paid") {
			t.Errorf("naive, %s: shown is %q", kind, naive)
		}
		if after := shown(t, tx, fmt.Sprintf("insert into shop.typed_%d values (1, %s)", number, value)); after != before || !strings.Contains(after, "paid") {
			t.Errorf("%s: shown is %q, before %q", kind, after, before)
		}
		if got := shown(t, tx, fmt.Sprintf("insert into shop.typed_%d values (1, null)", number)); got != "Invoice 1 over  approved" {
			t.Errorf("%s: NULL is shown as %q", kind, got)
		}
		rollback(t, tx)
		testsql.Run(t, stranger, fmt.Sprintf("drop cast (stranger.%s as json); drop function stranger.lie", column.cast))
	}
	// Nor does such a cast make a number of it.
	testsql.Run(t, stranger, `
create function stranger.worth(stranger.state) returns numeric language sql return 0;
create cast (stranger.state as numeric) with function stranger.worth(stranger.state) as implicit`)
	testsql.Run(t, s.owner, "create table shop.worth (invoice_no integer, kind stranger.state)")
	testsql.Refused(t, s.owner, "PS107", `select postern.protect_gate('shop.worth', 'SHOP_APPROVE', '{insert}', parameters => '{"INVOICE": "count", "AMOUNT": "sum(kind)"}')`)
}

// A trigger may change the row again behind the guard. That is a statement like any other: if the guard watches what it
// shows, the person is shown that too.
func TestWhatIsShownMustBeWatched(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"shown", "watched"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.%[1]s (invoice_no integer, amount integer, approved boolean);
insert into shop.%[1]s values (1, 10);
create function shop.%[1]s_after() returns trigger language plpgsql as $$ begin update shop.%[1]s set amount = 1000000 where amount <> 1000000; return null; end $$;
create trigger later after update on shop.%[1]s for each row execute function shop.%[1]s_after()`, table))
	}
	testsql.Run(t, s.owner, `
select postern.protect_gate('shop.shown', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}'),
       postern.protect_gate('shop.watched', 'SHOP_APPROVE', '{update}', '{approved,amount}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	if got := shown(t, tx, "update shop.shown set approved = true"); got != "Invoice 1 over 10 approved" {
		t.Fatalf("naive: shown is %q", got)
	}
	if got := shown(t, tx, "update shop.watched set approved = true"); got != "Invoice 1 over 1000000 approved" {
		t.Errorf("shown is %q", got)
	}
}

// Whoever pairs old rows with new ones by a key sees no change if two rows also exchange their keys.
func TestExchangedKeysHideNoChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, table := range []string{"naive_keyed", "keyed"} {
		testsql.Run(t, s.owner, fmt.Sprintf(`
create table shop.%[1]s (invoice_no integer primary key deferrable initially deferred, amount integer, approved boolean);
insert into shop.%[1]s values (1, 10, true), (2, 20000, false)`, table))
	}
	testsql.Run(t, s.owner, `
create function shop.naive_keyed() returns trigger language plpgsql as $$
begin
  if exists (select from old_rows as o join new_rows as n using (invoice_no) where n.approved and not o.approved) then
    perform postern.checkpoint('SINWOF_RELEASE');
  end if;
  return null;
end
$$;
create trigger guard after update on shop.naive_keyed referencing old table as old_rows new table as new_rows for each statement execute function shop.naive_keyed();
select postern.protect_gate('shop.keyed', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', 'new.approved and not old.approved')`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	// Invoice 1 was approved over 10. Now it is approved over 20000.
	const exchange = " set invoice_no = 3 - invoice_no, approved = not approved"
	testsql.Run(t, tx, "update shop.naive_keyed"+exchange)
	if got := shown(t, tx, "update shop.keyed"+exchange); got != "Invoice 1 over 20000 approved" {
		t.Errorf("shown is %q", got)
	}
}

// To set a column to its own value asks nothing, and takes no real change along.
func TestColumnSetToItselfHidesNoChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
create function shop.naive_itself() returns trigger language plpgsql as $$ begin if new.approved = old.approved then return new; end if; perform postern.checkpoint('SINWOF_RELEASE'); return new; end $$;
create table shop.naive_itself (invoice_no integer, amount integer, approved boolean);
create trigger guard before update of approved on shop.naive_itself for each row execute function shop.naive_itself();
create function shop.approve_on_touch() returns trigger language plpgsql as $$ begin new.approved := true; return new; end $$;
create trigger zz_touch before update on shop.naive_itself for each row execute function shop.approve_on_touch();
create trigger zz_touch before update on shop.invoice for each row when (old.invoice_no = 1) execute function shop.approve_on_touch();
insert into shop.naive_itself values (1, 10, false)`)
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	testsql.Run(t, tx, "update shop.naive_itself set approved = approved")
	if got := shown(t, tx, "update shop.invoice set approved = approved"); got != "Invoice 1 over 10 approved" {
		t.Errorf("shown is %q", got)
	}
	testsql.Run(t, tx, "update shop.invoice set approved = approved, invoice_no = invoice_no where invoice_no > 1")
}

// Settings of the session change how values are written and how text is read.
func TestSettingsDoNotChangeWhatAGuardShows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE');
alter table shop.invoice add code text default 'x1', add due date default '2026-02-01';
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "code", "AMOUNT": "amount"}',
                            $$new.code ~ '^\w\d+$' and old.note = null and new.due = '02/01/2026'$$)`)
	hostile := []string{
		"extra_float_digits = -13", "standard_conforming_strings = off", "transform_null_equals = on", "datestyle = 'SQL, DMY'", "timezone = 'Pacific/Kiritimati'",
		"search_path = pg_temp, shop", "plan_cache_mode = force_custom_plan", "enable_hashjoin = off", "enable_mergejoin = off", "row_security = off", "bytea_output = escape",
		"postern.ticket = 'x'", "postern.exclusive_tickets = 'x'", "postern.action = ''", "check_function_bodies = off", "array_nulls = off",
	}
	tx := begin(t, s.application, alice)
	defer rollback(t, tx)
	testsql.Run(t, tx, "create temp table postern_old (approved boolean); create temp table postern_new (approved boolean); create function pg_temp.row_number() returns integer language sql return 1")
	for _, setting := range hostile {
		testsql.Set(t, tx, "local "+setting)
	}
	// naive
	if got := shown(t, tx, "update shop.naive set amount = 1234567.89, approved = true where invoice_no = 1"); !strings.Contains(got, "over 1200000 ") {
		t.Fatalf("naive: shown is %q", got)
	}
	if got := shown(t, tx, "update shop.invoice set amount = 1234567.89, approved = true where invoice_no = 1"); got != "Invoice x1 over 1234567.89 approved" {
		t.Errorf("the question is %q", got)
	}
}

// A condition reads settings too. Whoever writes the table would switch it off.
func TestSettingsDoNotSwitchOffACondition(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for setting, condition := range map[string]string{
		"default_text_search_config = 'pg_catalog.english'": "to_tsvector('pay the supplier') @@ to_tsquery('the')",
		"timezone_abbreviations = 'Australia'":              "'2026-01-01 00:00 EST'::text::timestamptz = '2026-01-01 05:00Z'::text::timestamptz",
		"quote_all_identifiers = on":                        "'shop.invoice'::regclass::text = 'shop.invoice'",
		"xmlbinary = hex":                                   "xmlelement(name a, '\\x01'::bytea)::text = '<a>AQ==</a>'",
	} {
		testsql.Run(t, s.owner, "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')")
		testsql.Run(t, s.owner, `select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', $1)`, "new.approved and "+condition)
		tx := begin(t, s.application, alice)
		testsql.Run(t, tx, "set local "+setting)
		if testsql.Value[bool](t, tx, "select "+condition) {
			t.Errorf("naive: %s does not switch off %s", setting, condition)
		}
		testsql.Refused(t, tx, "PS101", "update shop.invoice set approved = true where invoice_no = 1")
		rollback(t, tx)
	}
}

// The message of a statement has a line for each row. A line end in a value would make one row look like two: somebody
// would approve Mallory's invoice and read the amount of another one.
func TestValueWritesNoLineOfAGuard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE');
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', '{approved}', '{"INVOICE": "note", "AMOUNT": "amount"}')`)
	for _, end := range []string{"\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		name := "of Mallory over 10 approved" + end + "Invoice 2 of Acme"
		testsql.Run(t, s.owner, "update shop.invoice set note = case when invoice_no = 1 then $1 else 'of Acme' end", name)
		if naive := testsql.Value[string](t, s.owner, "select string_agg(format('Invoice %s over %s approved', note, amount), E'\n' order by invoice_no) from shop.invoice where invoice_no <= 2"); !strings.Contains(naive, "10 approved"+end) {
			t.Fatalf("naive: shown is %q", naive)
		}
		tx := begin(t, s.application, alice)
		for rows, want := range map[string]string{
			"= 1":  `Invoice of Mallory over 10 approved\nInvoice 2 of Acme over 10 approved`,
			"<= 2": `Invoice of Mallory over 10 approved\nInvoice 2 of Acme over 10 approved` + "\nInvoice of Acme over 20 approved",
		} {
			if got := shown(t, tx, "update shop.invoice set approved = true where invoice_no "+rows); got != want {
				t.Errorf("%q: shown is %q, want %q", end, got, want)
			}
		}
		rollback(t, tx)
	}
	// What is logged is what was shown.
	const approve = "update shop.invoice set approved = true where invoice_no = 1"
	tx := begin(t, s.application, alice)
	var detail struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal([]byte(refusedAndGoOn(t, tx, "PS101", approve).Detail), &detail); err != nil {
		t.Fatal(err)
	}
	rollback(t, tx)
	ticket := answer(t, s.application, alice, detail.Challenge, alice, pins[alice])
	tx = begin(t, s.application, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, approve)
	commit(t, tx)
	if got := testsql.Values[string](t, s.Pool, "select message from postern.checkpoint_log where outcome = 'passed' and approved_message is null"); len(got) != 1 || got[0] != `Invoice of Mallory over 10 approved\nInvoice 2 of Acme over 10 approved` {
		t.Errorf("the log says %q", got)
	}
}

// The condition is the owner's code. Neither Postern nor whoever writes the table lends it any rights.
func TestConditionRunsWithTheRightsOfTheOwner(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	testsql.Run(t, s.owner, `
create table shop.witness (who name);
revoke all on shop.witness from public;
create function shop.note() returns boolean language plpgsql as $$ begin insert into shop.witness values (current_user); return true; end $$;
revoke all on function shop.note() from public;
create table shop.other (invoice_no integer, amount integer)`)
	// A superuser guards the table for its owner.
	testsql.Run(t, s.Pool, `select postern.protect_gate('shop.other', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', condition => 'not shop.note()')`)
	testsql.Run(t, s.application, "insert into shop.other values (1, 1)")
	testsql.Run(t, s.Pool, "insert into shop.other values (1, 1)")
	owner := s.owner.Config().User
	if got := testsql.Value[string](t, s.Pool, "select string_agg(distinct who::text, ' ') from shop.witness"); got != owner {
		t.Errorf("the condition ran as %s, want %s", got, owner)
	}
	testsql.Refused(t, s.owner, "PS107", `select postern.protect_gate('shop.open', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', condition => 'exists (select from postern_internal.credential)')`)
	testsql.Run(t, s.Pool, `select postern.protect_gate('shop.open', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', condition => 'exists (select from postern_internal.credential)')`)
	testsql.Fails(t, s.application, "42501", "update shop.open set approved = true")
}

// Nobody guards, or frees, a table of somebody else, and nobody does without being an administrator of Postern.
func TestOnlyTheOwnerGuardsATable(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	other := s.Login(t, "postern_admin").Connect(t)
	const protect, unprotect = `select postern.protect_gate('shop.open', 'SHOP_APPROVE', parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}')`, "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE')"
	testsql.Run(t, s.Pool, "grant usage on schema shop to public")
	testsql.Refused(t, other, "PS107", protect)
	testsql.Refused(t, other, "PS107", unprotect)
	testsql.Fails(t, s.application, "42501", protect)
	testsql.Fails(t, s.application, "42501", unprotect)
	testsql.Fails(t, s.application, "42501", "delete from postern.protected_table")
	testsql.Fails(t, s.application, "42501", "alter table shop.invoice disable trigger all")
}

// Whoever calls reach_guard directly uses up an approval, and gains nothing by it.
func TestGuardThatIsReachedDirectlyOpensNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const rows, write = `[{"INVOICE": 1, "AMOUNT": 10}]`, "update shop.invoice set approved = true where invoice_no = 1"
	ticket := approve(t, s.application, alice, guardGate, `{"INVOICE": 1, "AMOUNT": 10}`)
	tx := begin(t, s.application, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "select postern.reach_guard($1, $2)", guardGate, rows)
	refusedAndGoOn(t, tx, "PS101", write)
	refusedAndGoOn(t, tx, "PS101", "select postern.reach_guard($1, $2)", guardGate, rows)
	rollback(t, tx)
	// One row whose value looks like several rows is not several rows.
	testsql.Run(t, s.Pool, "select postern.register_gate('SHOP_JSON', 'Rows', '&ROWS', '{ROWS}', true, exclusive => true)")
	ticket = approve(t, s.application, alice, "SHOP_JSON", `{"ROWS": [{"ROWS": 1}, {"ROWS": 2}]}`)
	tx = begin(t, s.application, alice)
	open(t, tx, ticket)
	refusedAndGoOn(t, tx, "PS103", "select postern.reach_guard('SHOP_JSON', '[{\"ROWS\": 1}, {\"ROWS\": 2}]')")
	for _, bad := range []string{"null", "'{}'", "'[]'", "'1'", "'[1]'", "'[{}]'", "(select jsonb_agg('{\"ROWS\": 1}'::jsonb) from generate_series(1, 1001))"} {
		refusedAndGoOn(t, tx, "PS107", "select postern.reach_guard('SHOP_JSON', "+bad+")")
	}
	refusedAndGoOn(t, tx, "PS106", "select postern.reach_guard('SHOP_NONE', '[{}]')")
	rollback(t, tx)
}

// Postern cannot prevent this; docs/guards.md says so. doctor finds what stays.
func TestOwnerMayTakeTheGuardAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		way   string
		stays bool
	}{
		"trigger off and on": {"begin; alter table shop.invoice disable trigger postern_guard_shop_approve_update; update shop.invoice set approved = true; alter table shop.invoice enable always trigger postern_guard_shop_approve_update; commit", false},
		// ENABLE TRIGGER ALL brings back less than there was.
		"triggers off and on": {"begin; alter table shop.invoice disable trigger all; update shop.invoice set approved = true; alter table shop.invoice enable trigger all; commit", true},
		"table swapped":       {"alter table shop.invoice rename to old; create table shop.invoice (like shop.old including all); insert into shop.invoice (invoice_no, amount, approved) select invoice_no, amount, true from shop.old", true},
		"through a parent":    {"create table shop.parent (invoice_no integer, approved boolean not null); alter table shop.invoice inherit shop.parent; update shop.parent set approved = true", true},
		"as a partition":      {"create table shop.parent (like shop.invoice including generated) partition by list (invoice_no); alter table shop.parent attach partition shop.invoice default; update shop.parent set approved = true", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			testsql.Run(t, s.owner, test.way)
			if s.approvedIn(t, "shop.invoice") == "" {
				t.Error("the owner could not: then the page is wrong")
			}
			for part := range strings.SplitSeq(test.way, "; ") {
				if strings.HasPrefix(part, "alter") {
					testsql.Fails(t, s.application, "42501", part)
				}
			}
			fixes := s.changedGuards(t)
			if (len(fixes) > 0) != test.stays {
				t.Errorf("doctor says %q", fixes)
			}
			for _, fix := range fixes {
				testsql.Run(t, s.owner, fix)
			}
			if left := s.changedGuards(t); len(left) > 0 {
				t.Errorf("doctor still says %q", left)
			}
		})
	}
}
