package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

func TestGateCallsAreComparedWithRegistrations(t *testing.T) {
	const (
		register = "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved');"
		calls    = "create function public.approve() returns void language plpgsql as $$ begin /* postern.checkpoint('SHOP_OTHER') */ perform postern.checkpoint('SHOP_APPROVE'); end $$;"
		broken   = "set check_function_bodies = off; create function public.approve() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE' end $$; reset check_function_bodies;"
		swallows = "create function public.approve() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); exception when others then null; end $$;"
		written  = "create table public.voucher (voucher_id integer);"
		behind   = "create function public.approve() returns void language plpgsql as $$ begin insert into public.voucher values (1); perform postern.checkpoint('SHOP_APPROVE'); end $$;"
		before   = "create function public.approve() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); insert into public.voucher values (1); end $$;"
		guarded  = "create table public.invoice (invoice_no integer, approved boolean, note text); select postern.protect_gate('public.invoice', 'SHOP_APPROVE', columns => '{approved}', exclusive => false);"
		quietly  = "create function public.approve() returns void language plpgsql as $$ begin update public.invoice set approved = true; exception when others then null; end $$;"
		begins   = "create function public.entry() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform public.approve(); end $$;"
	)
	// A valid body, but too deep for the parser.
	deep := "create function public.approve() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); perform " +
		strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200) + "; end $$;"
	mended := strings.Replace(calls, "create", "create or replace", 1)
	for _, f := range []struct{ code, object, seed, act string }{
		{"gate_not_registered", "gate SHOP_APPROVE", calls, register},
		{"gate_not_called", "gate SHOP_APPROVE", register, calls},
		{"gate_not_called", "gate SHOP_APPROVE", register, "select postern.register_action('Approve', 'SHOP_APPROVE')"},
		{"gate_not_called", "gate SHOP_APPROVE", register, "create function public.any(gate text) returns void language sql as 'select postern.checkpoint(gate)'"},
		{"gate_not_called", "gate SHOP_APPROVE", register, "create function public.any(gate text) returns void language plpgsql as $$ begin execute 'select postern.' || 'checkpoint(''' || gate || ''')'; end $$"},
		{"gate_not_referenced", "action Approve", register + calls + begins + "select postern.register_action('Approve')", ""},
		{"gate_not_referenced", "action Approve", register + calls + begins + "create function public.other() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform postern.checkpoint('SHOP_CHECK'); end $$;" +
			"select postern.register_gate('SHOP_CHECK', 'Check', 'Checked'); select postern.register_gate('SHOP_OWN', 'Own', 'Done'); select postern.register_action('Approve', 'SHOP_OWN')", ""},
		{"gate_unreadable", "function public.approve()", register + broken, mended},
		{"gate_swallowed", "function public.approve()", register + swallows, strings.Replace(strings.Replace(swallows, "create", "create or replace", 1), "when others", "when sqlstate 'PS101' then raise; when others", 1)},
		// The function itself names no gate.
		{"gate_swallowed", "function public.entry()", register + calls + "create function public.entry() returns void language plpgsql as $$ begin perform public.approve(); exception when others then null; end $$;",
			"create or replace function public.entry() returns void language plpgsql as $$ begin perform public.approve(); exception when sqlstate 'PS101' then raise; when others then null; end $$;"},
		// What the statement wrote is undone, and nobody is asked.
		{"gate_swallowed", "function public.approve()", register + guarded + quietly, strings.Replace(strings.Replace(quietly, "create", "create or replace", 1), "when others", "when sqlstate 'PS101' then raise; when others", 1)},
		{"gate_not_referenced", "action Approve", register + guarded + "create function public.entry() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); update public.invoice set approved = true; end $$; select postern.register_action('Approve')", ""},
		{"gate_late", "function public.approve()", register + written + behind, "create or replace " + strings.TrimPrefix(before, "create ")},
		{"gate_unreadable", "function public.approve()", register + deep, mended},
	} {
		database := testdb.New(t)
		Run(t, database.Pool, f.seed)
		auditor, admin := database.Login(t, "postern_auditor").Connect(t), database.Login(t, "postern_admin").Connect(t)
		found, notKept := examine(t, auditor)
		if len(found) != 1 || found[0].Code != f.code || found[0].Object != f.object || !strings.HasSuffix(found[0].Detail, "See docs/doctor/"+f.code+".md.") {
			t.Errorf("found %+v, want %s of %s", found, f.code, f.object)
		}
		if notKept == nil {
			t.Error("an auditor has kept what was read")
		}
		// Who may keep the reading, who may not, and readers of the view find the same.
		kept, notKept := examine(t, admin)
		if notKept != nil || !slices.Equal(kept, found) || !slices.Equal(findings(t, auditor), found) {
			t.Errorf("an administrator found %+v (kept: %v), the view shows %+v, an auditor found %+v", kept, notKept, findings(t, auditor), found)
		}
		act := f.act
		if act == "" {
			act = found[0].Fix
		}
		Run(t, database.Pool, act)
		requireNoneOfGates(t, auditor)
		requireNoneOfGates(t, admin)
		requireNothing(t, auditor)
	}
}

// gatedWrite is a function that asks before it writes.
const gatedWrite = "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved'); create schema shop; create table shop.invoice (invoice_no integer, approved boolean, note text);" +
	"create function shop.approve() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin perform postern.checkpoint('SHOP_APPROVE'); update shop.invoice set approved = true; end $$;"

// deepWrite has that function call another one, which calls one that writes another table.
const deepWrite = "create table shop.log (a text); create function shop.write() returns void language sql as $$ insert into shop.log values ('x') $$; create function shop.middle() returns void language sql as 'select shop.write()';" +
	"create or replace function shop.approve() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin perform postern.checkpoint('SHOP_APPROVE'); perform shop.middle(); end $$;"

// A false alarm is a bug too.
func TestCodeWithoutGatesBringsNoGateFinding(t *testing.T) {
	for name, seed := range map[string]string{
		"a broken body without a gate": "set check_function_bodies = off; create function public.broken() returns void language plpgsql as 'begin perform (; end'; reset check_function_bodies",
		"a statement put together":     "create function public.run(statement text) returns void language plpgsql as 'begin execute statement; end'",
		"a handler around a write that is not guarded": "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved'); create table public.invoice (invoice_no integer, approved boolean, note text); select postern.protect_gate('public.invoice', 'SHOP_APPROVE', '{update}', '{approved}', exclusive => false);" +
			"create function public.remark() returns void language plpgsql as $$ begin update public.invoice set note = 'x'; insert into public.invoice values (1); exception when others then null; end $$;" +
			"select postern.register_action('Remark'); create function public.entry() returns void language plpgsql as $$ begin perform postern.begin_action('Remark'); update public.invoice set note = 'x'; end $$",
		"a write that only the function may do":            gatedWrite + "grant usage on schema shop to postern_user; grant select on shop.invoice to postern_user",
		"a write in a schema for nobody":                   gatedWrite + "grant update on shop.invoice to public",
		"a write of other columns":                         gatedWrite + "grant usage on schema shop to postern_user; grant update (note), insert, delete on shop.invoice to postern_user",
		"a write for somebody else":                        gatedWrite + "grant usage on schema shop to postern_auditor, postern_admin; grant update on shop.invoice to postern_auditor, postern_admin",
		"a guarded write":                                  gatedWrite + "grant usage on schema shop to postern_user; grant update on shop.invoice to postern_user; select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}')",
		"a guarded write of a partition":                   strings.Replace(gatedWrite, "note text)", "note text) partition by list (note); create table shop.part partition of shop.invoice default", 1) + "create function shop.again() returns void language sql as $$ select postern.checkpoint('SHOP_APPROVE'); update shop.part set approved = true $$; grant usage on schema shop to postern_user; grant update on shop.invoice, shop.part to postern_user; select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}')",
		"a write of a temporary table":                     gatedWrite + "create function shop.sketch() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); create temporary table draft (a integer); insert into draft values (1); end $$",
		"a write without a gate":                           gatedWrite + "create table shop.log (a text); create function shop.note() returns void language sql as $$ insert into shop.log values ('x') $$; grant usage on schema shop to postern_user; grant insert on shop.log to postern_user",
		"a helper that others call too":                    gatedWrite + deepWrite + "create function shop.remark() returns void language sql as 'select shop.write()'; grant usage on schema shop to postern_user; grant insert on shop.log to postern_user",
		"a helper behind an action that asks nobody":       gatedWrite + deepWrite + "select postern.register_action('Remark'); create function shop.remark() returns void language plpgsql as $$ begin perform postern.begin_action('Remark'); perform shop.write(); end $$; grant usage on schema shop to postern_user; grant insert on shop.log to postern_user",
		"a function with rights that only its owner calls": gatedWrite + deepWrite + "alter function shop.write() security definer set search_path = pg_catalog, pg_temp; revoke execute on function shop.write() from public; grant usage on schema shop to postern_user",
		"a function with rights in a schema for nobody":    gatedWrite + deepWrite + "alter function shop.write() security definer set search_path = pg_catalog, pg_temp",
		"what a trigger writes":                            gatedWrite + deepWrite + "create function shop.fire() returns trigger language plpgsql as $$ begin perform shop.write(); return null; end $$; create trigger fire after update on shop.invoice for each row execute function shop.fire(); grant usage on schema shop to postern_user; grant insert on shop.log to postern_user",
		"a built-in gate in an action":                     "select postern.register_action('Change'); create function public.change() returns void language plpgsql as $$ begin perform postern.begin_action('Change'); perform postern.checkpoint('POSTERN_PIN_CHANGE'); end $$",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			Run(t, database.Pool, seed)
			requireNoneOfGates(t, database.Login(t, "postern_auditor").Connect(t))
			requireNoneOfGates(t, database.Login(t, "postern_admin").Connect(t))
			requireNothing(t, database.Pool)
		})
	}
}

// A dynamic statement counts as a call of a gate only if some text names the gate.
func TestDynamicStatementHidesNoMissingGateCall(t *testing.T) {
	database := testdb.New(t)
	Run(t, database.Pool, `
select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved'), postern.register_gate('SHOP_CHECK', 'Check', 'Checked');
create function public.approve(statement text) returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); execute statement; end $$`)
	found, _ := examine(t, database.Login(t, "postern_auditor").Connect(t))
	if len(found) != 1 || found[0].Code != "gate_not_called" || found[0].Object != "gate SHOP_CHECK" {
		t.Errorf("found %+v, want SHOP_CHECK alone", found)
	}
}

// Whoever may write the table leaves the function out, and the gate with it.
func TestUngatedWriteIsFoundAndFixed(t *testing.T) {
	const (
		register = "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Invoice &INVOICE_NO approved', '{INVOICE_NO}');"
		shop     = register + `
create schema shop;
grant usage on schema shop to public;
create table shop.invoice (invoice_no integer primary key, approved boolean default false, note text);
insert into shop.invoice values (1);
create function shop.approve(no integer) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform postern.checkpoint('SHOP_APPROVE', jsonb_build_object('INVOICE_NO', no));
  update shop.invoice set approved = true where invoice_no = no;
end
$$;
`
		action = "select postern.register_action('Approve', 'SHOP_APPROVE'); create or replace function shop.approve(no integer) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin perform postern.begin_action('Approve', '{}'); update shop.invoice set approved = true where invoice_no = no; end $$;"
		below  = "create function shop.write(no integer) returns void language sql as $$ update shop.invoice set approved = true where invoice_no = no $$; create function shop.middle(no integer) returns void language sql as 'select shop.write(no)'; create or replace function shop.approve(no integer) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin perform postern.checkpoint('SHOP_APPROVE', jsonb_build_object('INVOICE_NO', no)); perform shop.middle(no); end $$;"
		other  = "select postern.register_gate('SHOP_OTHER', 'Other', 'Other'); create function shop.cancel() returns void language sql as $$ select postern.checkpoint('SHOP_OTHER'); delete from shop.invoice $$;"
	)
	for name, c := range map[string]struct {
		seed string
		// fix is what the finding says, or begins with if it is no SQL; act is then what a person does.
		fix, act string
	}{
		"a role of Postern's": {shop + "grant select, update on shop.invoice to postern_user", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"everybody":           {shop + "grant update on shop.invoice to public", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a column":            {shop + "grant update (approved, note) on shop.invoice to postern_trusted_app", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a login":             {shop + "grant update on shop.invoice to {application}", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a login's group":     {shop + "grant {group} to {application}; grant update on shop.invoice to {group}", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"its owner":           {shop + "alter table shop.invoice owner to {application}; grant create on schema shop to {application}; alter function shop.approve(integer) owner to {application}", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", "alter table shop.invoice owner to current_user"},
		"a guard for something else": {shop + "grant update, delete on shop.invoice to postern_user; select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update,delete}', '{note}')",
			"Guard the table with", "select postern.unprotect_gate('shop.invoice', 'SHOP_APPROVE'); select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update,delete}', '{note,approved}')"},
		"an action": {shop + action + "grant update on shop.invoice to postern_user", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"two gates": {shop + other + "grant update, delete on shop.invoice to postern_user", "Guard the table with postern.protect_gate, or have the functions that call the gate run with their owner's rights, and run: revoke delete, update on shop.invoice from postern_user;", "revoke delete, update on shop.invoice from postern_user"},
		"a parameter without a column": {strings.ReplaceAll(shop, "'{INVOICE_NO}'", "'{INVOICE_NO,REASON}'") + "grant update on shop.invoice to postern_user",
			"Guard the table with postern.protect_gate", "revoke update on shop.invoice from postern_user"},
		"through a view": {shop + "create view shop.open with (security_invoker) as select invoice_no, approved from shop.invoice where not approved; create or replace function shop.approve(no integer) returns void language sql as $$ select postern.checkpoint('SHOP_APPROVE'); update shop.open set approved = true where invoice_no = no $$; grant update on shop.invoice to postern_user",
			"select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}');", ""},
		"a function below":             {shop + below + "grant update on shop.invoice to postern_user", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a function below with rights": {shop + below + "alter function shop.write(integer) security definer", "select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a function below with rights, called by some": {strings.ReplaceAll(shop, "'{INVOICE_NO}'", "'{INVOICE_NO,REASON}'") + below + "alter function shop.write(integer) security definer; revoke execute on function shop.write(integer) from public; grant execute on function shop.write(integer) to {application}, postern_admin; grant update on shop.invoice to postern_user",
			"Guard the table with postern.protect_gate, or have the functions that call the gate run with their owner's rights, and run: revoke update on shop.invoice from postern_user; revoke execute on routine shop.write(integer) from {application};",
			"revoke update on shop.invoice from postern_user; revoke execute on routine shop.write(integer) from {application}"},
		"a function below an action": {shop + below + "select postern.register_action('Approve', 'SHOP_APPROVE'); create or replace function shop.approve(no integer) returns void language plpgsql as $$ begin perform postern.begin_action('Approve', '{}'); perform shop.middle(no); end $$; grant update on shop.invoice to postern_user",
			"select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', '{update}', columns => '{approved}');", ""},
		"a function below two gates": {shop + below + other + "create or replace function shop.cancel() returns void language sql as $$ select postern.checkpoint('SHOP_OTHER'), shop.middle(1) $$; grant update on shop.invoice to postern_user",
			"Guard the table with postern.protect_gate, or have the functions that call the gate run with their owner's rights, and run: revoke update on shop.invoice from postern_user;", "revoke update on shop.invoice from postern_user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testdb.New(t)
			fill := strings.NewReplacer("{application}", database.Login(t, "postern_app").Name, "{group}", database.Login(t).Name).Replace
			Run(t, database.Pool, fill(c.seed))
			connection := database.Connect(t)
			found, _ := examine(t, connection)
			found = slices.DeleteFunc(found, func(one finding) bool { return one.Code != "ungated_write" })
			if len(found) != 1 || found[0].Object != "table shop.invoice" || found[0].Level != "warn" || !strings.HasSuffix(found[0].Detail, "See docs/doctor/ungated_write.md.") {
				t.Fatalf("found %+v", found)
			}
			if !strings.HasPrefix(found[0].Fix, fill(c.fix)) {
				t.Errorf("the fix is %q", found[0].Fix)
			}
			if strings.HasPrefix(found[0].Fix, "select") {
				Run(t, connection, found[0].Fix)
			}
			Run(t, connection, fill(c.act))
			found, _ = examine(t, connection)
			for _, one := range found {
				if one.Code == "ungated_write" {
					t.Errorf("left is %+v", one)
				}
			}
		})
	}
}
