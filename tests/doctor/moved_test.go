package doctor_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// A copy in the same cluster has the same roles, so its logins are allowed. But its events and keys are production's.
func TestCopyListsWhatItTookFromProduction(t *testing.T) {
	t.Parallel()
	production := testdb.New(t)
	Run(t, production.Pool, "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'), "+
		"postern.add_event_action('kept', 'SECURITY_CHECKPOINT_DENIED', 'notify', 'told'), postern.set_event_enabled('SECURITY_CHECKPOINT_DENIED', false), "+
		"postern.create_session_key('used', decode(repeat('ab', 32), 'hex')), postern.create_session_key('retired', decode(repeat('cd', 32), 'hex')), postern.retire_session_key('retired')")
	production.Login(t, "postern_trusted_app")
	auditor := production.Login(t, "postern_auditor")
	requireNothing(t, production.Pool)

	byTemplate, byDump := production.Copy(t), testdb.Empty(t)
	restore(t, dump(t, production), byDump)
	// The same database, with everything dropped and restored.
	again := testdb.New(t)
	Run(t, again.Pool, "select postern.create_session_key('used', decode(repeat('ab', 32), 'hex')), postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told')")
	dumped := dump(t, again)
	Run(t, again.Pool, `do $$
declare
  schema regnamespace;
begin
  for schema in select n.oid from pg_namespace as n where n.nspname !~ '^(pg_|information_schema$|public$)' loop
    execute format('drop schema %s cascade', schema);
  end loop;
end $$`)
	restore(t, dumped, again)

	for name, copied := range map[string]*testdb.Database{"template": byTemplate, "dump": byDump, "in place": again} {
		t.Run(name, func(t *testing.T) {
			// Overdue upkeep is not reported for a copy, which delivers nothing.
			Run(t, copied.Pool, "insert into postern_internal.event_delivery (event_action_id, log_id, due_at) select event_action_id, 1, now() - interval '1 hour' from postern_internal.event_action where name = 'told'")
			found := codes(findings(t, copied.Pool))
			if want := []string{"moved_event event SECURITY_CHECKPOINT_SUCCESS", "moved_session_key session key used"}; !slices.Equal(found, want) {
				t.Fatalf("found %q, want %q", found, want)
			}
			Run(t, copied.Pool, "select postern.set_event_enabled('SECURITY_CHECKPOINT_SUCCESS', true), postern.create_session_key('own', decode(repeat('ef', 32), 'hex')), postern.retire_session_key('used')")
			requireNothing(t, copied.Pool)
			Run(t, copied.Pool, "select postern.set_event_enabled('SECURITY_CHECKPOINT_DENIED', true)")
			requireNothing(t, copied.Pool)
		})
	}
	requireNothing(t, production.Pool)
	requireNothing(t, auditor.Pool)
}

func codes(found []finding) (codes []string) {
	for _, one := range found {
		codes = append(codes, one.Code+" "+one.Object)
	}
	return codes
}

func dump(t *testing.T, from *testdb.Database) *bytes.Buffer {
	t.Helper()
	var dump, complaints bytes.Buffer
	err := testdb.Server(t).Run(t.Context(), server.Program{Name: "pg_dump", Database: from.Name, Stdout: &dump, Stderr: &complaints})
	if err != nil {
		t.Fatal(err, complaints.String())
	}
	return &dump
}

func restore(t *testing.T, dump *bytes.Buffer, to *testdb.Database) {
	t.Helper()
	var complaints bytes.Buffer
	err := testdb.Server(t).Run(t.Context(), server.Program{
		Name: "psql", Arguments: []string{"-qX", "-v", "ON_ERROR_STOP=1"}, Database: to.Name, Stdin: dump, Stderr: &complaints,
	})
	if err != nil {
		t.Fatal(err, complaints.String())
	}
}
