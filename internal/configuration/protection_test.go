package configuration

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const protectVoucher = "protected_tables: {shop.voucher: {protection: company}}"

// Anything that somebody changes about a protected table without Postern is a difference, and applying the file repairs
// it.
func TestWeakenedProtectionIsADifference(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ weaken, fault string }{
		"row security off":  {"alter table shop.voucher disable row level security", "table shop.voucher: Row security is off."},
		"not forced":        {"alter table shop.voucher no force row level security", "Row security is not forced on the owner"},
		"policy dropped":    {"drop policy postern_company on shop.voucher", "The policy postern_company is gone."},
		"policy weakened":   {"alter policy postern_company on shop.voucher using (true)", "has a different USING condition"},
		"check weakened":    {"alter policy postern_company on shop.voucher with check (true)", "has a different WITH CHECK condition"},
		"permissive":        {"drop policy postern_company on shop.voucher; create policy postern_company on shop.voucher using (company = any (array(select c.company from postern.current_companies() c(company) where postern.require_user_role())))", "is permissive"},
		"for some roles":    {"alter policy postern_company on shop.voucher to postern_user", "does not apply to all roles"},
		"trigger off":       {"alter table shop.voucher disable trigger postern_refuse_truncate", "The trigger postern_refuse_truncate is missing or disabled."},
		"table swapped":     {"drop table shop.voucher; create table shop.voucher (company text) partition by list (company)", "Row security is off; the policy postern_company is gone"},
		"partition swapped": {"drop table shop.ten; create table shop.ten partition of shop.voucher for values in ('10')", "table shop.ten: The table was added below shop.voucher"},
		"partition opened":  {"alter table shop.ten disable row level security", "table shop.ten: Row security is off."},
		"partition's table": {"create table shop.copy (company text); alter table shop.voucher detach partition shop.ten; drop table shop.ten; alter table shop.copy rename to ten; alter table shop.voucher attach partition shop.ten for values in ('10')", "table shop.ten"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := testdb.New(t).Connect(t)
			testsql.Run(t, connection, `
create schema shop;
create table shop.voucher (company text) partition by list (company);
create table shop.ten partition of shop.voucher for values in ('10')`)
			apply(t, connection, protectVoucher)
			if plan := apply(t, connection, protectVoucher); len(plan.Changes) != 0 {
				t.Fatalf("planned right after: %+v", plan.Changes)
			}
			testsql.Run(t, connection, test.weaken)
			for _, file := range []string{protectVoucher, "protected_tables: {shop.voucher: {}}"} {
				plan, err := MakePlan(t.Context(), query.New(connection), read(t, file), false)
				if err != nil {
					t.Fatal(err)
				}
				if len(plan.Changes) != 1 || plan.Changes[0].Operation != Alter || len(plan.Changes[0].Fields) != 1 {
					t.Fatalf("the plan is %+v, want one change of one field", plan.Changes)
				}
				if field := plan.Changes[0].Fields[0]; field.Name != "fault" || field.To != nil || !strings.Contains(field.From.(string), test.fault) {
					t.Errorf("planned %+v, want the fault %s", field, test.fault)
				}
			}
			apply(t, connection, protectVoucher)
			if plan := apply(t, connection, protectVoucher); len(plan.Changes) != 0 {
				t.Errorf("planned after it was applied: %+v", plan.Changes)
			}
			if left := testsql.Values[string](t, connection, "select code || ': ' || detail from postern.doctor where level = 'error' and object ~ 'shop'"); len(left) != 0 {
				t.Errorf("after apply, doctor finds %q", left)
			}
		})
	}
}

// Apply does not bring back a table that is gone, or a renamed column. The plan shows that, and the error says what to
// do.
func TestPlanNamesWhatApplyCannotProtect(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ change, fault, code, advice string }{
		"table gone":     {"drop table shop.voucher", "There is no such table", "42P01", "apply that with --prune"},
		"column renamed": {"alter table shop.voucher rename column company to firm", "The table has no column company", "PS107", "Its columns are: firm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := testdb.New(t).Connect(t)
			testsql.Run(t, connection, "create schema shop; create table shop.voucher (company text)")
			apply(t, connection, protectVoucher)
			testsql.Run(t, connection, test.change)
			plan, err := MakePlan(t.Context(), query.New(connection), read(t, protectVoucher), false)
			if err != nil || len(plan.Changes) != 1 || !strings.Contains(plan.Changes[0].Fields[0].From.(string), test.fault) {
				t.Fatalf("the plan is %+v; error: %v", plan, err)
			}
			_, err = Apply(t.Context(), connection, read(t, protectVoucher), false)
			var inFile *Error
			if !errors.As(err, &inFile) || !strings.Contains(err.Error(), test.code) || !strings.Contains(err.Error()+hint(inFile), test.advice) {
				t.Fatalf("apply returns %v, want %s with the advice %q", err, test.code, test.advice)
			}
			if test.code != "42P01" {
				return
			}
			// When the file no longer asks for the table, the table leaves the list.
			if _, err := Apply(t.Context(), connection, read(t, "protected_tables: {}"), true); err != nil {
				t.Error(err)
			}
			if listed := testsql.Value[int](t, connection, "select count(*) from postern.protected_table"); listed != 0 {
				t.Errorf("%d tables are listed", listed)
			}
		})
	}
}

func hint(err *Error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Hint
	}
	return ""
}
