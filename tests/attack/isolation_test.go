package attack

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// requireSerializationFailure wants PostgreSQL to refuse continuing from an older snapshot.
func requireSerializationFailure(t testing.TB, err error) {
	t.Helper()
	if got := testdb.Code(err); got != "40001" {
		t.Errorf("got %v, want a serialization failure", err)
	}
}

// Somebody whose snapshot is older than a gate switches checkpoints on. The gate must not stay active without stopping
// anybody.
func TestOlderSnapshotLeavesNoGateUnguarded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	testsql.Run(t, s.Pool, `
create table public.naive_setting (enabled boolean not null);
insert into public.naive_setting values (false);
create table public.naive_gate (gate_id text primary key, stops boolean not null);
create function public.naive_register(gate_id text) returns void
language sql as $$
  select from public.naive_setting for update;
  insert into public.naive_gate select naive_register.gate_id, s.enabled from public.naive_setting as s;
$$;
create function public.naive_enable() returns void
language sql as $$
  update public.naive_setting set enabled = true;
  update public.naive_gate set stops = true;
$$`)
	s.set(t, "checkpoints_enabled", "false")
	administrator := s.Connect(t)
	tx, err := administrator.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, "select from postern.gate") // takes the snapshot
	testsql.Run(t, s.Pool, "select public.naive_register('SINWOF_NEW'), postern.register_gate('SINWOF_NEW', 'New', 'New', active => true)")
	testsql.Run(t, tx, "select public.naive_enable()")
	if testsql.Value[bool](t, tx, "select exists (select from public.naive_gate where stops)") {
		t.Fatal("naive: the gate was not left behind")
	}
	_, err = tx.Exec(t.Context(), "select postern.set_setting('checkpoints_enabled', 'true')")
	if err == nil {
		t.Error("checkpoints were switched on without the new gate")
	} else {
		requireSerializationFailure(t, err)
	}
	rollback(t, tx)

	s.addUser(t, alice)
	s.set(t, "checkpoints_enabled", "true")
	tx = begin(t, s.connect(t), alice)
	testsql.Refused(t, tx, "PS101", checkpoint, "SINWOF_NEW", "{}")
	rollback(t, tx)
}

// A restore without the keys must not make every signature valid.
func TestLostKeySignsNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	connection := s.connect(t)
	asked := challenge(t, connection, alice, releaseGate, "{}")
	forged := asked[:len(asked)-8] + "AAAAAAAA"
	// A naive comparison with NULL is neither true nor false, so a test for a difference finds none.
	if testsql.Value[bool](t, s.Pool, "select case when 'forged' <> null then false else true end") != true {
		t.Fatal("naive: a signature without a key is refused")
	}
	testsql.Run(t, s.Pool, "delete from postern_internal.server_key where purpose = 'challenge'")
	tx := begin(t, connection, alice)
	for _, challenge := range []string{asked, forged} {
		refusedAndGoOn(t, tx, "PS103", authenticate, challenge, alice, pins[alice])
		refusedAndGoOn(t, tx, "PS103", "select postern.cancel($1)", challenge)
	}
	rollback(t, tx)
}
