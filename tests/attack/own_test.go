package attack

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
	postern "github.com/posternsql/postern/sql"
)

// beginNumbered starts a transaction that already has its id, and another one that began earlier and has committed an
// entry with that id. A dump or a replication of another cluster's log brings such entries.
func (s *scene) beginNumbered(t testing.TB, connection *pgx.Conn, outcome string) pgx.Tx {
	t.Helper()
	older, err := s.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, older, "select pg_current_xact_id()")
	tx := beginUnasserted(t, connection)
	number := testsql.Value[string](t, tx, "select pg_current_xact_id()::text")
	testsql.Run(t, older, `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, transaction_id)
values ($1::text::postern_internal.outcome, $2, $3, $3, 'Restored', '{}', $4::text::xid8)`, outcome, releaseGate, alice, number)
	commit(t, older)
	return tx
}

func TestRestoredEntryIsNobodysOwn(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)

	asked := challenge(t, connection, alice, approveGate, invoice)
	tx := s.beginNumbered(t, connection, "denied")
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	ticket := testsql.Value[string](t, tx, authenticate, asked, alice, pins[alice])
	commit(t, tx)
	if got := status(t, connection, alice, ticket); got != "accepted" {
		t.Errorf("the ticket is %s", got)
	}

	tx = s.beginNumbered(t, connection, "passed")
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	if got := testsql.Values[string](t, tx, "select gate_id from postern.receipts()"); len(got) != 1 || got[0] != approveGate {
		t.Errorf("the transaction gets receipts of %v, want one of %s", got, approveGate)
	}
	commit(t, tx)

	for role, count := range map[string]string{
		"postern_admin":   "select count(*) from postern.user_account",
		"postern_auditor": "select count(*) from postern.checkpoint_log where outcome = 'denied' and transaction_id = pg_current_xact_id()",
		"postern_sealer":  "select count(*) from postern.log_records('{1}', '{1000000}') where transaction_id = pg_current_xact_id()",
	} {
		login := s.Login(t, role)
		tx := s.beginNumbered(t, login.Connect(t), "denied")
		if got := testsql.Value[int](t, tx, count); got != 1 {
			t.Errorf("%s sees %d rows, want 1", role, got)
		}
		rollback(t, tx)
	}
}

// A transaction writes with another xmin within each savepoint.
func TestOwnEntryIsFoundWithinSavepoints(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create view public.naive_own as
  select e.log_id from postern_internal.checkpoint_entry as e
   where e.transaction_id = pg_current_xact_id_if_assigned() and e.xmin = pg_current_xact_id_if_assigned()::xid;
grant select on public.naive_own to public`)
	testsql.Run(t, s.Pool, "grant postern_admin, postern_auditor, postern_sealer to "+s.application.Name)
	connection := s.connect(t)
	first := challenge(t, connection, alice, approveGate, invoice)
	second := challenge(t, connection, alice, releaseGate, "{}")

	for name, attempt := range map[string]func(pgx.Tx){
		"released savepoint": func(tx pgx.Tx) {
			testsql.Run(t, tx, "savepoint around")
			testsql.Run(t, tx, authenticate, first, alice, wrongPIN)
			testsql.Run(t, tx, "release savepoint around")
		},
		"savepoint that stays open": func(tx pgx.Tx) {
			testsql.Run(t, tx, "savepoint around")
			testsql.Run(t, tx, authenticate, first, alice, wrongPIN)
		},
		"many savepoints": func(tx pgx.Tx) {
			for range 100 { // more than PostgreSQL keeps in shared memory
				testsql.Run(t, tx, "savepoint around")
				testsql.Run(t, tx, "create temporary table if not exists mark (n integer); insert into mark values (1)")
			}
			testsql.Run(t, tx, authenticate, first, alice, wrongPIN)
		},
		"block with an exception clause": func(tx pgx.Tx) {
			testsql.Run(t, tx, "do $$ begin perform postern.authenticate("+literal(first)+", "+literal(alice)+", "+literal(wrongPIN)+
				"); exception when division_by_zero then null; end $$")
		},
	} {
		t.Run(name, func(t *testing.T) {
			tx := begin(t, connection, alice)
			defer rollback(t, tx)
			attempt(tx)
			if got := testsql.Value[int](t, tx, "select count(*) from public.naive_own"); got != 0 {
				t.Fatalf("the naive view finds %d", got)
			}
			for _, count := range []string{
				"select count(*) from postern.user_account where userid = 'ALICE'",
				"select count(*) from postern.checkpoint_log",
				"select count(*) from postern.log_records('{1}', '{1000000}')",
			} {
				if got := testsql.Value[int](t, tx, count); got != 0 {
					t.Errorf("%s: %d, want 0", count, got)
				}
			}
			refusedAndGoOn(t, tx, "PS103", authenticate, second, alice, wrongPIN)
		})
	}
}

// Several places decide which entries are a transaction's own, because each of them needs the index. own_entry says
// how.
func TestOneRuleDecidesWhichEntriesAreOwn(t *testing.T) {
	asked := 0
	if err := fs.WalkDir(postern.Files, "functions", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		code, err := fs.ReadFile(postern.Files, path)
		if err != nil {
			return err
		}
		for _, part := range strings.Split(strings.ReplaceAll(string(code), "pg_catalog.", ""), "postern_internal.checkpoint_entry as e")[1:] {
			part, _, _ = strings.Cut(part, ";")
			_, after, found := strings.Cut(part, "e.transaction_id = pg_current_xact_id_if_assigned()\n")
			want := "and age(e.xmin) <= 0"
			if !found {
				_, after, found = strings.Cut(part, "e.transaction_id is distinct from pg_current_xact_id_if_assigned()")
				want = "or age(e.xmin) > 0)"
			}
			if !found {
				if strings.Contains(part, "pg_current_xact_id") {
					t.Errorf("%s compares transaction ids by itself, not by own_entry's rule", path)
				}
				continue
			}
			asked++
			if !strings.HasPrefix(strings.TrimSpace(after), want) {
				t.Errorf("%s goes on with %.40q, want %q", path, strings.TrimSpace(after), want)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if asked < 6 {
		t.Errorf("only %d places ask for a transaction's own entries", asked)
	}
}
