package configuration

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

const (
	guardedGate = "gates: {SHOP_APPROVE: {description: d, message: m &INVOICES &TOTAL, parameters: [INVOICES, TOTAL], active: true}}\n"

	guardInvoice = guardedGate + `
guarded_tables:
  shop.invoice:
    SHOP_APPROVE:
      operations: [update, insert]
      columns: [approved]
      parameters: {INVOICES: Count ( ), TOTAL: "SUM ( amount )"}
      condition: |
        new.approved
          and not old.approved
`
)

// newShop has a table whose owner is another role than the superuser who connects.
func newShop(t *testing.T) (database *testdb.Database, owner *testdb.Login, superuser *pgx.Conn) {
	t.Helper()
	database = testdb.New(t)
	owner = database.Login(t, "postern_admin")
	superuser = database.Connect(t)
	Run(t, superuser, "create schema shop authorization "+owner.Name)
	Run(t, owner.Connect(t), "create table shop.invoice (invoice_no integer primary key, amount numeric, approved boolean default false)")
	return database, owner, superuser
}

// requireAsked fails unless a statement that writes the table is stopped by the guard.
func requireAsked(t *testing.T, connection *pgx.Conn, sql string) {
	t.Helper()
	Refused(t, connection, "PS401", sql) // the guard asks who approves
}

func requireNoChanges(t *testing.T, connection *pgx.Conn, text string) {
	t.Helper()
	plan, err := MakePlan(t.Context(), query.New(connection), read(t, text), true)
	if err != nil || len(plan.Changes) != 0 {
		t.Fatalf("planned %+v, %v", plan, err)
	}
}

// A guard that is spelled otherwise than protect_gate records it is no difference.
func TestAppliedGuardIsNoDifference(t *testing.T) {
	t.Parallel()
	_, owner, superuser := newShop(t)
	connection := owner.Connect(t)
	if plan := apply(t, connection, guardInvoice); len(plan.Changes) != 2 || plan.Changes[1].Name != "SHOP_APPROVE on shop.invoice" {
		t.Fatalf("applied %+v", plan.Changes)
	}
	const triggers = "select string_agg(concat_ws(' ', t.oid, t.xmin, pg_get_triggerdef(t.oid)), ', ' order by t.oid) from pg_trigger as t"
	before := Value[string](t, superuser, triggers)
	for _, text := range []string{
		guardInvoice,
		strings.ReplaceAll(strings.ReplaceAll(guardInvoice, "Count ( )", "count"), "SUM ( amount )", "sum(amount)"),
		strings.ReplaceAll(guardInvoice, "Count ( )", "count(*)"),
		"guarded_tables: {SHOP.Invoice: {SHOP_APPROVE: }}",
		"guarded_tables: {shop.invoice: {SHOP_APPROVE: {exclusive: true, operations: [insert, update]}}}",
	} {
		requireNoChanges(t, connection, text)
		if plan := apply(t, connection, text); len(plan.Changes) != 0 {
			t.Errorf("applied again: %+v", plan.Changes)
		}
	}
	if after := Value[string](t, superuser, triggers); after != before {
		t.Errorf("the triggers were\n%s\nand are\n%s", before, after)
	}
	requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
	Run(t, superuser, "insert into shop.invoice values (1, 1, false)")
}

// A changed guard replaces the old one, in one transaction; what no key mentions stays.
func TestChangedGuardReplacesTheOldOne(t *testing.T) {
	t.Parallel()
	_, owner, superuser := newShop(t)
	connection := owner.Connect(t)
	apply(t, connection, guardInvoice)
	for _, test := range []struct{ change, field, stopped, free string }{
		{"columns: ~, condition: ~", "columns condition", "update shop.invoice set amount = 2", "delete from shop.invoice"},
		{"columns: [amount]", "columns", "update shop.invoice set amount = 2", "update shop.invoice set approved = not approved"},
		{"operations: [delete], columns: ~", "operations columns", "delete from shop.invoice", "update shop.invoice set amount = 3"},
		{"condition: old.amount > 2", "condition", "delete from shop.invoice", "update shop.invoice set amount = 4"},
		{"parameters: {INVOICES: invoice_no, TOTAL: amount}", "parameters", "delete from shop.invoice", "update shop.invoice set amount = 4"},
		{"condition: old.amount > 5", "condition", "update shop.invoice set amount = 6; delete from shop.invoice", "delete from shop.invoice"},
	} {
		Run(t, superuser, "select postern.set_setting('checkpoints_enabled', 'false'); truncate shop.invoice; insert into shop.invoice values (1, 3, false); select postern.set_setting('checkpoints_enabled', 'true')")
		text := "guarded_tables: {shop.invoice: {SHOP_APPROVE: {" + test.change + "}}}"
		plan := apply(t, connection, text)
		fields := []string{}
		for _, change := range plan.Changes {
			for _, field := range change.Fields {
				fields = append(fields, field.Name)
			}
		}
		if strings.Join(fields, " ") != test.field {
			t.Errorf("%s changed %q", test.change, fields)
		}
		requireNoChanges(t, connection, text)
		requireAsked(t, superuser, test.stopped)
		Run(t, superuser, test.free)
	}
}

// Only a file with guarded_tables removes guards, and only with prune. A table that is gone leaves the list.
func TestGuardOutsideTheListIsPruned(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{"table there": "select", "table gone": "drop table shop.invoice"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, owner, superuser := newShop(t)
			connection := owner.Connect(t)
			apply(t, connection, guardInvoice)
			Run(t, superuser, change)
			for _, text := range []string{"protected_tables: {}", guardedGate} {
				if plan, err := Apply(t.Context(), connection, read(t, text), true); err != nil || len(plan.Changes) != 0 {
					t.Fatalf("applied %+v, %v", plan, err)
				}
			}
			if plan := apply(t, connection, "guarded_tables: {}"); plan.Unlisted != 1 || len(plan.Changes) != 0 {
				t.Errorf("without prune applied %+v", plan)
			}
			plan, err := Apply(t.Context(), connection, read(t, "guarded_tables: {shop.invoice: }"), true)
			if err != nil || len(plan.Changes) != 1 || plan.Changes[0].Operation != Remove {
				t.Fatalf("applied %+v, %v", plan, err)
			}
			if left := Value[int](t, superuser, "select (select count(*) from postern.protected_table) + (select count(*) from pg_trigger where tgname ~ 'postern_guard')"); left != 0 {
				t.Errorf("%d are left", left)
			}
		})
	}
}

// Whoever applies a file needs the rights of the owner of each table that it guards. A member of the owner's role has
// them, and the guard then belongs to the owner.
func TestOnlyTheOwnersRightsGuardATable(t *testing.T) {
	t.Parallel()
	database, owner, superuser := newShop(t)
	administrator := database.Login(t, "postern_admin")
	connection := administrator.Connect(t)
	_, err := Apply(t.Context(), connection, read(t, guardInvoice), false)
	var inFile *Error
	if !errors.As(err, &inFile) || inFile.Position.Line != 5 || !strings.Contains(inFile.Message, "shop.invoice is not yours to protect") {
		t.Fatalf("applied: %v", err)
	}
	if refused := testdb.RequireCode(t, err, "PS107"); !strings.Contains(refused.Detail, owner.Name) || !strings.Contains(refused.Hint, "set role "+owner.Name) {
		t.Errorf("%q, %q", refused.Detail, refused.Hint)
	}
	if gates := Value[int](t, superuser, "select count(*) from postern.gate where not built_in"); gates != 0 {
		t.Errorf("%d gates are there", gates)
	}
	Run(t, superuser, "grant "+owner.Name+" to "+administrator.Name)
	apply(t, connection, guardInvoice)
	if got := Value[string](t, superuser, "select string_agg(distinct proowner::regrole::text, ', ') from pg_proc where pronamespace = 'shop'::regnamespace"); got != owner.Name {
		t.Errorf("the guard belongs to %s", got)
	}
	requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
	// Whoever has no rights of the owner's cannot end the guard either.
	_, err = Apply(t.Context(), database.Login(t, "postern_admin").Connect(t), read(t, "guarded_tables: {}"), true)
	testdb.RequireCode(t, err, "PS107")
	requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
}

// A gate and its guard change together, whichever of them could not change alone.
func TestGateAndGuardChangeTogether(t *testing.T) {
	t.Parallel()
	_, owner, superuser := newShop(t)
	connection := owner.Connect(t)
	apply(t, connection, guardInvoice)
	for _, text := range []string{
		"gates: {SHOP_APPROVE: {exclusive: false}}\nguarded_tables: {shop.invoice: {SHOP_APPROVE: {exclusive: false}}}",
		"gates: {SHOP_APPROVE: {message: m &NO, parameters: [NO]}}\nguarded_tables: {shop.invoice: {SHOP_APPROVE: {parameters: {NO: invoice_no}}}}",
	} {
		if plan := apply(t, connection, text); len(plan.Changes) != 2 {
			t.Errorf("applied %+v", plan.Changes)
		}
		requireNoChanges(t, connection, text)
		requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
	}
	if exclusive := Value[bool](t, superuser, "select exclusive from postern.gate where gate_id = 'SHOP_APPROVE'"); exclusive {
		t.Error("the gate is exclusive")
	}
}

// Whoever owns the table, or the server, can weaken a guard past Postern. A plan says what differs, and applying the
// file puts it back.
func TestWeakenedGuardIsRepaired(t *testing.T) {
	t.Parallel()
	_, owner, superuser := newShop(t)
	connection := owner.Connect(t)
	apply(t, connection, guardInvoice)
	requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
	function := Value[string](t, superuser, "select p.oid::regprocedure::text from pg_proc as p where p.pronamespace = 'shop'::regnamespace")
	trigger := Value[string](t, superuser, "select quote_ident(t.tgname) from pg_trigger as t where t.tgrelid = 'shop.invoice'::regclass and not t.tgisinternal and t.tgtype = 4")
	for weaken, want := range map[string]string{
		"alter table shop.invoice disable trigger " + trigger:                                                      "is disabled",
		"alter table shop.invoice enable trigger " + trigger:                                                       "does not always fire",
		"drop trigger " + trigger + " on shop.invoice":                                                             "is missing",
		"create or replace function " + function + " returns trigger language plpgsql as 'begin return null; end'": "its function has another body",
		"alter function " + function + " security invoker":                                                         "runs with the rights of whoever writes the table",
		"update postern_internal.gate set exclusive = false where gate_id = 'SHOP_APPROVE'":                        "the gate is no longer exclusive",
		"alter table shop.invoice rename to old_invoice; alter table shop.old_invoice set schema public; create table shop.invoice (like public.old_invoice); alter table shop.invoice owner to " + owner.Name + "; drop table public.old_invoice": "",
	} {
		Run(t, superuser, weaken)
		for _, text := range []string{guardInvoice, "guarded_tables: {shop.invoice: {SHOP_APPROVE: }}"} {
			plan, err := MakePlan(t.Context(), query.New(connection), read(t, text), true)
			if err != nil || len(plan.Changes) != 1 || len(plan.Changes[0].Fields) != 1 || plan.Changes[0].Fields[0].Name != "fault" ||
				!strings.Contains(strings.ToLower(plan.Changes[0].Fields[0].From.(string)), want) {
				t.Errorf("%s: planned %+v, %v", weaken, plan, err)
			}
		}
		if plan := apply(t, connection, guardInvoice); len(plan.Changes) != 1 {
			t.Errorf("%s: applied %+v", weaken, plan.Changes)
		}
		requireNoChanges(t, connection, guardInvoice)
		requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
		if faults := Value[int](t, superuser, "select count(*) from postern.protection_fault"); faults != 0 {
			t.Errorf("%s: %d faults are left", weaken, faults)
		}
	}
}

// A guard passes a value for each parameter of its gate, so the two change together or not at all.
func TestGateDoesNotChangeItsParametersWithoutItsGuard(t *testing.T) {
	t.Parallel()
	_, owner, superuser := newShop(t)
	connection := owner.Connect(t)
	apply(t, connection, guardInvoice)
	const changed = "gates: {SHOP_APPROVE: {message: m &NO, parameters: [NO]}, SHOP_OTHER: {description: d, message: m}}\n"
	for text, line := range map[string]int{
		changed: 1,
		changed + "guarded_tables: {shop.invoice: {SHOP_APPROVE: }}":                                              2,
		changed + "guarded_tables: {shop.invoice: {SHOP_APPROVE: {condition: new.approved}}}":                     2,
		changed + "guarded_tables: {shop.invoice: {SHOP_APPROVE: {parameters: {NO: invoice_no, TOTAL: amount}}}}": 2,
		"guarded_tables: {}\ngates: {SHOP_APPROVE: {parameters: [INVOICES, TOTAL, NO]}}":                          2,
	} {
		_, err := Apply(t.Context(), connection, read(t, text), false)
		var inFile *Error
		if !errors.As(err, &inFile) || inFile.Position.Line != line || !strings.Contains(inFile.Message, "but its guard of shop.invoice passes [") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := Value[string](t, superuser, "select string_agg(g.gate_id || g.parameters::text, ' ') from postern.gate as g where not g.built_in"); got != "SHOP_APPROVE{INVOICES,TOTAL}" {
		t.Errorf("the gates are %s", got)
	}
	requireAsked(t, superuser, "insert into shop.invoice values (1, 1, true)")
	// Another order of the same parameters, a guard that goes, and one that changes too, are accepted.
	apply(t, connection, "gates: {SHOP_APPROVE: {parameters: [TOTAL, INVOICES]}}")
	apply(t, connection, changed+"guarded_tables: {shop.invoice: {SHOP_APPROVE: {parameters: {NO: invoice_no}}}}")
	if _, err := Apply(t.Context(), connection, read(t, "guarded_tables: {}\ngates: {SHOP_APPROVE: {message: m, parameters: []}}"), true); err != nil {
		t.Error(err)
	}
}

func TestBadGuardsHaveAPlaceInTheFile(t *testing.T) {
	t.Parallel()
	_, owner, _ := newShop(t)
	connection := owner.Connect(t)
	for guard, want := range map[string]string{
		"shop.invoice: {SHOP_NONE: {parameters: {}}}":                                                        "There is no such gate",
		"shop.gone: {SHOP_APPROVE: }":                                                                        `relation "shop.gone" does not exist`,
		"shop.invoice: {SHOP_APPROVE: }":                                                                     "cannot be guarded by this gate in this way",
		"shop.invoice: {SHOP_APPROVE: {parameters: {INVOICES: count}}}":                                      "cannot be guarded by this gate in this way",
		"invoice: {SHOP_APPROVE: }":                                                                          `"invoice" is not a table name`,
		"shop.invoice: {SHOP_APPROVE: }, SHOP.invoice: {SHOP_APPROVE: }":                                     "The guard SHOP_APPROVE on shop.invoice is there twice",
		"shop.invoice: {SHOP_APPROVE: {operations: []}}":                                                     "cannot be guarded by this gate in this way",
		"shop.invoice: {SHOP_APPROVE: {parameters: {}, columns: [gone]}}":                                    "cannot be guarded by this gate in this way",
		"shop.invoice: {SHOP_APPROVE: {parameters: {INVOICES: count, TOTAL: sum(amount)}, condition: gone}}": "The condition or a parameter of the guard of shop.invoice is not usable",
	} {
		text := guardedGate + "guarded_tables: {" + guard + "}"
		desired, err := Read([]string{standardInput}, strings.NewReader(text))
		if err == nil {
			_, err = Apply(t.Context(), connection, desired, false)
		}
		var inFile *Error
		if !errors.As(err, &inFile) || inFile.Position.Line != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", guard, err)
		}
	}
	contradiction := strings.Replace(guardInvoice, "active: true", "exclusive: false", 1)
	_, err := Apply(t.Context(), connection, read(t, contradiction), false)
	if err == nil || !strings.Contains(err.Error(), "cannot be exclusive: false, because its guard of shop.invoice asks for itself") {
		t.Errorf("applied: %v", err)
	}
}
