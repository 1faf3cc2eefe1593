package doctor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// business reaches a gate through everything that a reading looks into.
const business = gate + `
create schema shop;
create table shop.voucher (voucher_id integer, state text);
create table shop.entry (voucher_id integer);
create table shop.part (voucher_id integer, state text);
create function shop.approve(voucher_id integer default 1) returns integer language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); return 1; end $$;
create function shop.unequal(a integer, b integer) returns boolean language sql as 'select shop.approve() = 1';
create operator shop.<> (leftarg = integer, rightarg = integer, function = shop.unequal);
create function shop.on_voucher() returns trigger language plpgsql as $$ begin perform shop.approve(); return new; end $$;
create trigger on_voucher before insert on shop.voucher for each row execute function shop.on_voucher();
create view shop.open as select v.voucher_id from shop.voucher as v where v.state = 'open';
create function shop.first(a integer, b integer) returns integer language sql return a;
create aggregate shop.firsts(integer) (sfunc = shop.first, stype = integer);
`

func TestViewReportsStaleGateReadings(t *testing.T) {
	for name, change := range map[string]string{
		"a function":                           "create function shop.other() returns void language plpgsql as 'begin end'",
		"another body":                         "create or replace function shop.on_voucher() returns trigger language plpgsql as 'begin return new; end'",
		"made anew with another body":          "drop function shop.first cascade; create function shop.first(a integer, b integer) returns integer language sql return b",
		"dropped":                              "drop function shop.on_voucher cascade",
		"renamed":                              "alter function shop.approve rename to disapprove",
		"in another schema":                    "create schema attic; alter function shop.approve set schema attic",
		"another search_path":                  "alter function shop.on_voucher set search_path = public",
		"another default of an argument":       "create or replace function shop.approve(voucher_id integer default 2) returns integer language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); return 1; end $$",
		"a procedure":                          "create procedure shop.close() language plpgsql as 'begin end'",
		"an operator":                          "create operator shop.<< (leftarg = integer, rightarg = integer, function = shop.unequal)",
		"no operator":                          "drop operator shop.<> (integer, integer)",
		"another aggregate":                    "create function shop.last(a integer, b integer) returns integer language sql return b; create or replace aggregate shop.firsts(integer) (sfunc = shop.last, stype = integer)",
		"a trigger":                            "create trigger again before update on shop.voucher for each row execute function shop.on_voucher()",
		"a trigger that is off":                "alter table shop.voucher disable trigger on_voucher",
		"no trigger":                           "drop trigger on_voucher on shop.voucher",
		"a view":                               "create view shop.approved as select shop.approve() as number",
		"another view":                         "create or replace view shop.open as select shop.approve() as voucher_id",
		"a rule":                               "create rule on_entry as on insert to shop.entry do also select shop.approve()",
		"a default":                            "alter table shop.entry alter column voucher_id set default shop.approve()",
		"a check":                              "alter table shop.entry add check (shop.approve() > 0)",
		"a policy":                             "create policy own on shop.entry using (shop.approve() > 0)",
		"a policy that reads a view":           "create policy own on shop.entry using (voucher_id in (select o.voucher_id from shop.open as o))",
		"a table that leads to another one":    "alter table shop.voucher inherit shop.part",
		"a key that leads to another one":      "alter table shop.part add primary key (voucher_id); alter table shop.voucher add foreign key (voucher_id) references shop.part on delete cascade",
		"another name of a table":              "alter table shop.voucher rename to invoice",
		"another table of the name":            "create table public.voucher (voucher_id integer)",
		"another release of Postern":           "update postern_internal.installation set code_sha256 = 'another'",
		"another reading, of another database": "update postern_internal.gate_reading set fingerprint = 'another'",
		"no reading":                           "delete from postern_internal.gate_reading",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			connection := database.Connect(t)
			Run(t, connection, business)
			requireUnread(t, database.Pool)
			requireNoneOfGates(t, connection)
			requireNothing(t, database.Pool)
			Run(t, connection, change)
			requireUnread(t, database.Pool)
			examine(t, connection)
			if of := unread(t, database.Pool); len(of) > 0 {
				t.Errorf("the command has run, and still: %+v", of)
			}
		})
	}
}

// Functions that reach no gate, and changes that are undone, make no reading stale: a false alarm is a bug too.
func TestEditingUnrelatedFunctionKeepsGateReadingsFresh(t *testing.T) {
	database := testdb.New(t)
	connection := database.Connect(t)
	Run(t, connection, business)
	requireNoneOfGates(t, connection)
	for _, change := range []string{
		"create table shop.head (head_id serial primary key, company text check (company <> ''), at date default now())",
		"create table shop.line (head_id integer references shop.head on delete restrict, amount numeric default 0)",
		"create table shop.many (company text, at date) partition by range (at); create table shop.many_1 partition of shop.many for values from ('2026-01-01') to ('2026-02-01')",
		"select postern.protect_company('shop.head'), postern.protect_company('shop.many')",
		"create index on shop.head (company); analyze; comment on table shop.head is 'heads'",
		"grant execute on function shop.approve to postern_user; alter function shop.approve owner to postern_admin; alter function shop.approve owner to current_user",
		"alter view shop.open set (security_invoker = true)",
		"create temporary table scratch (a integer); create temporary view scratched as select shop.approve()",
		"create type shop.mood as enum ('good'); create sequence shop.numbers; create role doctor_nobody; drop role doctor_nobody",
		"create function shop.gone() returns void language plpgsql as 'begin end'; drop function shop.gone()",
		"alter table shop.voucher disable trigger on_voucher; alter table shop.voucher enable trigger on_voucher",
		"drop trigger on_voucher on shop.voucher; create trigger on_voucher before insert on shop.voucher for each row execute function shop.on_voucher()",
		"select postern.create_company('30', 'Thirty'); select postern.set_gate_message('SHOP_APPROVE', 'Done')",
	} {
		Run(t, connection, change)
		if of := unread(t, connection); len(of) > 0 {
			t.Errorf("after %s, doctor asks for another reading: %+v", change, of)
		}
	}
}

// Registrations change without the functions, so the view needs no new reading for them.
func TestRegisteringAGateNeedsNoNewReading(t *testing.T) {
	database := testdb.New(t)
	connection := database.Connect(t)
	Run(t, connection, `
create function public.approve() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform postern.checkpoint('SHOP_APPROVE'); perform postern.checkpoint('SHOP_CHECK'); end $$`)
	codes := func(want ...string) {
		t.Helper()
		got := []string{}
		for _, one := range findings(t, database.Pool) {
			got = append(got, one.Code+" "+one.Object)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the view shows %q, want %q", got, want)
		}
	}
	examine(t, connection)
	codes("gate_not_registered gate SHOP_APPROVE", "gate_not_registered gate SHOP_CHECK")
	Run(t, connection, "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved')")
	codes("gate_not_registered gate SHOP_CHECK")
	Run(t, connection, "select postern.register_gate('SHOP_CHECK', 'Check', 'Checked'); select postern.register_gate('SHOP_OTHER', 'Other', 'Done'); select postern.register_action('Approve', 'SHOP_APPROVE')")
	codes("gate_not_called gate SHOP_OTHER", "gate_not_referenced action Approve")
	Run(t, connection, "select postern.register_action('Approve', 'SHOP_APPROVE', '{SHOP_CHECK}')")
	codes("gate_not_called gate SHOP_OTHER")
	Run(t, connection, "select postern.register_action('Approve', 'SHOP_OTHER', '{SHOP_CHECK,SHOP_APPROVE}')")
	codes()
	// If nothing names a gate any more, nothing can call one.
	Run(t, connection, "drop function public.approve(); select postern.remove_action('Approve')")
	codes("gate_not_called gate SHOP_APPROVE", "gate_not_called gate SHOP_CHECK", "gate_not_called gate SHOP_OTHER")
}

// A read-only session, for example on a standby, must not write anything.
func TestReadOnlySessionFindsTheSame(t *testing.T) {
	t.Parallel() // it waits for a lock until the timeout
	database := testdb.New(t)
	Run(t, database.Pool, business+"select postern.register_gate('SHOP_OTHER', 'Other', 'Done')")
	admin := database.Login(t, "postern_admin")
	reading := admin.Connect(t)
	Run(t, reading, "set default_transaction_read_only = on")
	found, notKept := examine(t, reading)
	if len(found) != 1 || found[0].Object != "gate SHOP_OTHER" || notKept == nil || !strings.Contains(notKept.Error(), "only reads") {
		t.Errorf("found %+v; the reading was not kept because of: %v", found, notKept)
	}
	requireUnread(t, database.Pool)

	// Whoever has locked the row makes nobody wait.
	examine(t, admin.Connect(t))
	holder := database.Connect(t)
	Run(t, holder, "begin; select postern.keep_gate_reading('another', '[]')")
	found, notKept = examine(t, admin.Connect(t))
	if len(found) != 1 || notKept == nil || !strings.Contains(notKept.Error(), "another session") {
		t.Errorf("found %+v; the reading was not kept because of: %v", found, notKept)
	}
	Run(t, holder, "rollback")
}

func TestBadReadingsAreRefused(t *testing.T) {
	database := testdb.New(t)
	Run(t, database.Pool, business)
	admin := database.Login(t, "postern_admin").Connect(t)
	examine(t, admin)
	const kept = "select r.fingerprint || r.callers::text || r.read_at from postern_internal.gate_reading as r"
	before := Value[string](t, database.Pool, kept)
	const good = `{"name": "a", "gates": [{"id": "G", "line": 1}], "actions": ["A"], "reached": ["G"], "unknowable": false, "unreadable": "", "late": [{"id": "G", "line": 2, "write": 1}], "swallowed": [{"line": 2, "block": 1, "gates": ["G"], "more": 0, "guard": false}], "writes": [{"schema": "s", "table": "t", "operation": "update", "columns": ["c"]}, {"schema": "s", "table": "t", "operation": "delete", "columns": null}], "behind": {"gates": ["G"], "actions": ["A"], "definers": ["f()"]}}`
	Run(t, admin, "begin; select postern.keep_gate_reading('f', '["+good+"]'); rollback")
	for _, arguments := range []string{
		"null, '[]'", "'', '[]'", "'f', null", "repeat('f', 10000000), '[]'", "'f', 'null'", "'f', '{}'", "'f', '1'", "'f', '[1]'", "'f', '[[]]'", "'f', '[{}]'", "'f', '[null]'",
		"'f', '[" + good + ", {}]'",
		"'f', pg_catalog.jsonb_build_array(repeat('x', 10000000))",
		"'f', '[" + strings.Replace(good, `"G", "line"`, `1, "line"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"line": 1`, `"line": "1"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"write": 1`, `"write": "1"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"more": 0`, `"more": null`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"block": 1, `, ``, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"guard": false`, `"guard": 0`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"operation": "update"`, `"operation": "select"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"schema": "s"`, `"schema": null`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `["c"]`, `[1]`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `["c"]`, `"c"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"gates": ["G"], "more"`, `"gates": [1], "more"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `"line": 1`, `"lines": 1`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `["A"]`, `[["A"]]`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `["A"]`, `[null]`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `["G"]`, `"G"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `false`, `"no"`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `{"gates": ["G"], "actions": ["A"], "definers": ["f()"]}`, `null`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `{"gates": ["G"], "actions": ["A"], "definers": ["f()"]}`, `{"gates": ["G"], "actions": ["A"]}`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `{"gates": ["G"], "actions": ["A"], "definers": ["f()"]}`, `{"gates": [1], "actions": [], "definers": []}`, 1) + "]'",
		"'f', '[" + strings.Replace(good, `{"gates": ["G"], "actions": ["A"], "definers": ["f()"]}`, `{"gates": [], "actions": [null], "definers": []}`, 1) + "]'",
		"'f', (select pg_catalog.jsonb_agg('" + good + "'::jsonb) from generate_series(1, 100000))",
	} {
		_, err := admin.Exec(t.Context(), "select postern.keep_gate_reading("+arguments+")")
		testdb.RequireCode(t, err, "PS107")
	}
	for _, callers := range []string{"null", "'{}'", "'[1]'"} {
		_, err := admin.Exec(t.Context(), "select from postern.gate_findings("+callers+")")
		testdb.RequireCode(t, err, "PS107")
	}
	if after := Value[string](t, database.Pool, kept); after != before {
		t.Errorf("kept is %s, was %s", after, before)
	}
	// Those who may read may not write, and others may do neither.
	Fails(t, database.Login(t, "postern_auditor").Connect(t), "42501", "select postern.keep_gate_reading('f', '[]')")
	other := database.Login(t, "postern_trusted_app").Connect(t)
	for _, statement := range []string{"select postern.keep_gate_reading('f', '[]')", "select postern.gate_fingerprint()", "select postern.gate_findings('[]')", "select from postern_internal.gate_reading"} {
		Fails(t, other, "42501", statement)
	}
}

// Names and texts may be somebody else's.
func TestHostileNamesInReadings(t *testing.T) {
	database := testdb.New(t)
	connection := database.Connect(t)
	name := "it's \"\n\x1b[2J \u202e\t\\ $(ls) {\"gates\": []}"
	Run(t, connection, "set check_function_bodies = off; create schema shop; create function shop."+pgx.Identifier{name}.Sanitize()+
		"() returns void language plpgsql as $body$ begin perform postern.begin_action(E'Act\\'\\\\'); perform postern.checkpoint(E'GATE\\'\"\\n\\\\'); end $body$;"+
		"create function shop.unreadable() returns void language plpgsql as $body$ begin perform postern.checkpoint('\x1b\"{}\\' end $body$")
	Run(t, connection, `select postern.register_action(E'Act\'\\')`)
	found, _ := examine(t, database.Login(t, "postern_auditor").Connect(t))
	kept, notKept := examine(t, connection)
	if notKept != nil || len(found) != 2 || !slices.Equal(found, kept) || !slices.Equal(findings(t, connection), kept) {
		t.Errorf("found %+v, and after keeping it %+v", found, kept)
	}
	if !strings.Contains(kept[0].Detail, "it's \"\"\n\x1b[2J \u202e") {
		t.Errorf("the detail is %q", kept[0].Detail)
	}
}

// Two run at once, and functions change in the meantime. None fails, and the last result is never wrong.
func TestConcurrentReadingsSucceed(t *testing.T) {
	database := testdb.New(t)
	Run(t, database.Pool, business)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changer := database.Connect(t)
	changed := make(chan error, 1)
	go func() {
		for number := 0; ctx.Err() == nil; number++ {
			if _, err := changer.Exec(t.Context(), fmt.Sprintf("create or replace function shop.changing() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_%d'); end $$", number)); err != nil {
				changed <- err
				return
			}
		}
		changed <- nil
	}()
	var examined sync.WaitGroup
	for range 4 {
		connection := database.Connect(t)
		examined.Go(func() {
			for range 5 {
				if _, err := doctor.Find(t.Context(), connection); err != nil {
					t.Error(err)
				}
			}
		})
	}
	examined.Wait()
	cancel()
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	var current string
	for _, id := range Values[string](t, database.Pool, "select pg_catalog.substring(prosrc, 'GATE_[0-9]+') from pg_catalog.pg_proc where proname = 'changing'") {
		current = "gate " + id
	}
	right := func() bool {
		found := findings(t, database.Pool)
		return len(unread(t, database.Pool)) > 0 || slices.ContainsFunc(found, func(one finding) bool { return one.Object == current })
	}
	if !right() {
		t.Errorf("the view says neither that it has to be read nor that %s is not registered: %+v", current, findings(t, database.Pool))
	}
	examine(t, database.Connect(t))
	if len(unread(t, database.Pool)) > 0 || !right() {
		t.Errorf("after the last reading: %+v", findings(t, database.Pool))
	}
}

func unread(t *testing.T, q Querier) []finding {
	t.Helper()
	return slices.DeleteFunc(findings(t, q), func(one finding) bool { return one.Code != "gates_unread" })
}

func requireUnread(t *testing.T, q Querier) {
	t.Helper()
	if len(unread(t, q)) != 1 {
		t.Errorf("the view does not say that the gates have to be read: %+v", findings(t, q))
	}
}
