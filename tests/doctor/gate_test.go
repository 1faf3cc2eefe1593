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

// A false alarm is a bug too.
func TestCodeWithoutGatesBringsNoGateFinding(t *testing.T) {
	for name, seed := range map[string]string{
		"a broken body without a gate": "set check_function_bodies = off; create function public.broken() returns void language plpgsql as 'begin perform (; end'; reset check_function_bodies",
		"a statement put together":     "create function public.run(statement text) returns void language plpgsql as 'begin execute statement; end'",
		"a built-in gate in an action": "select postern.register_action('Change'); create function public.change() returns void language plpgsql as $$ begin perform postern.begin_action('Change'); perform postern.checkpoint('POSTERN_PIN_CHANGE'); end $$",
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
