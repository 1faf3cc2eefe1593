package attack

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const (
	// codeScheme is a way to authenticate that somebody has added.
	codeScheme         = "ONE_TIME_CODE"
	authenticateScheme = "select postern.authenticate($1, $2, $3, null, $4)::text"
	registerScheme     = "select postern.register_scheme($1, $2::regprocedure)"
)

// createVerify creates public.verify, which reports a trap if it runs as postern_owner. right is its answer. The trap
// is an INFO, which reaches the client whatever client_min_messages is.
func createVerify(t testing.TB, q testsql.Querier, rights, right string) {
	t.Helper()
	testsql.Run(t, q, fmt.Sprintf(`
create or replace function public.verify(userid text, response text, challenge jsonb) returns boolean
language plpgsql %s set search_path = pg_catalog, pg_temp as $$
begin
  if current_user = 'postern_owner' then
    raise info 'trap: verify ran as postern_owner';
  end if;
  return %s;
end $$`, rights, right))
}

// registerCode lets the superuser, whom everybody trusts, add codeScheme.
func (s *scene) registerCode(t testing.TB, right string) {
	t.Helper()
	createVerify(t, s.Pool, "security definer", right)
	testsql.Run(t, s.Pool, registerScheme, codeScheme, "public.verify(text,text,jsonb)")
}

func TestVerifyFunctionNeverRunsAsTheOwner(t *testing.T) {
	s := newScene(t, alice)
	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin")

	// A naive checkpoint calls the function that it was given, with the owner's rights.
	testsql.Run(t, s.Pool, `
create function public.naive_authenticate(verify regprocedure, response text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_right boolean;
begin
  execute format('select %s($1, $2, $3)', verify::regproc) into is_right using 'ALICE'::text, response, '{}'::jsonb;
  return is_right;
end $$;
alter function public.naive_authenticate(regprocedure, text) owner to postern_owner;
grant execute on function public.naive_authenticate(regprocedure, text) to public`)
	createVerify(t, i, "", "true")
	testsql.Run(t, i, "select public.naive_authenticate('public.verify(text,text,jsonb)', 'anything')")
	i.mustCatch(t, "a verify function with the caller's rights")

	const verify = "public.verify(text,text,jsonb)"
	testsql.Refused(t, i, "PS107", registerScheme, codeScheme, verify)
	// With its own owner's rights it is harmless, until that owner removes them between the check and the call.
	testsql.Run(t, i, "alter function public.verify(text,text,jsonb) security definer")
	testsql.Refused(t, i, "PS107", registerScheme, codeScheme, verify)

	// The same function belongs to somebody trusted, and is then given to the intruder.
	testsql.Run(t, i, "drop function public.verify(text,text,jsonb)")
	s.registerCode(t, "true")
	asked := challenge(t, i.Conn, alice, approveGate, invoice)
	tx := begin(t, i.Conn, alice)
	testsql.Value[string](t, tx, authenticateScheme, asked, alice, "anything", codeScheme)
	rollback(t, tx)
	i.mustNotCatch(t, "a verify function with its owner's rights")

	for _, change := range []string{
		"alter function public.verify(text,text,jsonb) security invoker",
		"alter function public.verify(text,text,jsonb) security definer reset search_path",
		"alter function public.verify(text,text,jsonb) set search_path = pg_catalog, pg_temp; alter function public.verify(text,text,jsonb) owner to " + i.Config().User,
		"drop function public.verify(text,text,jsonb)",
	} {
		testsql.Run(t, s.Pool, change)
		tx := begin(t, i.Conn, alice)
		testsql.Refused(t, tx, "PS107", authenticateScheme, asked, alice, "anything", codeScheme)
		rollback(t, tx)
		i.mustNotCatch(t, change)
	}
}

// The intruder's session holds the lock on the credential, so that the other session waits just after the check.
func TestVerifyFunctionCannotBeExchangedBehindTheCheck(t *testing.T) {
	s := newScene(t, alice)
	i := intrude(t, s.Database, "postern_trusted_app")
	createVerify(t, i, "security definer", "true")

	// Naive: the function is checked, then something takes time, then the function is called.
	testsql.Run(t, s.Pool, `
create function public.naive_authenticate(verify regprocedure) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  is_right boolean;
begin
  if not (select p.prosecdef from pg_proc as p where p.oid = verify) then
    raise exception 'refused';
  end if;
  perform c.userid from postern_internal.credential as c for update;
  execute format('select %s($1, $2, $3)', verify::regproc) into is_right using 'ALICE'::text, ''::text, '{}'::jsonb;
  return is_right;
end $$;
alter function public.naive_authenticate(regprocedure) owner to postern_owner;
grant execute on function public.naive_authenticate(regprocedure) to public`)

	holder := s.connect(t)
	asked := challenge(t, holder, alice, approveGate, invoice)
	exchange := func(try func() error) error {
		hold := begin(t, holder, alice)
		testsql.Value[string](t, hold, authenticate, asked, alice, wrongPIN)
		tried := make(chan error, 1)
		go func() { tried <- try() }()
		waitUntilBlocked(t, s.Pool, i.PgConn().PID())
		testsql.Run(t, s.Pool, "alter function public.verify(text,text,jsonb) security invoker")
		rollback(t, hold)
		return <-tried
	}
	if err := exchange(func() error {
		_, err := i.Exec(t.Context(), "select public.naive_authenticate('public.verify(text,text,jsonb)')")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	i.mustCatch(t, "a function that was exchanged behind the check")

	testsql.Run(t, s.Pool, "alter function public.verify(text,text,jsonb) security definer")
	testsql.Refused(t, s.Pool, "PS107", registerScheme, codeScheme, "public.verify(text,text,jsonb)")
	// Even a registration from before this rule does not help.
	testsql.Run(t, s.Pool, "insert into postern_internal.scheme (scheme, verify_function) values ($1, 'public.verify(text,text,jsonb)')", codeScheme)
	asked = challenge(t, i.Conn, alice, approveGate, invoice)
	tx := begin(t, i.Conn, alice)
	testsql.Refused(t, tx, "PS107", authenticateScheme, asked, alice, "anything", codeScheme)
	rollback(t, tx)
	i.mustNotCatch(t, "a verify function of the intruder's")
}

// waitUntilBlocked returns when another session makes the backend wait for a lock.
func waitUntilBlocked(t testing.TB, q testsql.Querier, backend uint32) {
	t.Helper()
	for testsql.Value[int](t, q, "select cardinality(pg_catalog.pg_blocking_pids($1::int8::int4))", int64(backend)) == 0 {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		testsql.Run(t, q, "select pg_catalog.pg_sleep(0.01)")
	}
}

// An error that left authenticate would be an answer, and would roll back the attempt.
func TestVerifyFunctionThatRaisesTeachesNothing(t *testing.T) {
	for name, raise := range map[string]string{
		"error":     "raise exception 'wrong'",
		"assertion": "assert false, 'wrong'",
		"division":  "return 1 / 0 > 1",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, alice)
			testsql.Run(t, s.Pool, `
create table public.naive_attempt (userid text);
create function public.verify(userid text, response text, challenge jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if response <> 'right' then
    `+raise+`;
  end if;
  return true;
end $$;
create function public.naive_authenticate(response text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.naive_attempt values ('ALICE');
  return public.verify('ALICE', response, '{}');
end $$;
grant execute on function public.naive_authenticate(text) to public`)
			connection := s.connect(t)
			if _, err := connection.Exec(t.Context(), "select public.naive_authenticate('guess')"); err == nil ||
				testsql.Value[int](t, s.Pool, "select count(*) from public.naive_attempt") != 0 {
				t.Fatalf("the naive version withstood: %v", err)
			}

			testsql.Run(t, s.Pool, registerScheme, codeScheme, "public.verify(text,text,jsonb)")
			asked := challenge(t, connection, alice, approveGate, invoice)
			tx := begin(t, connection, alice)
			ticket := testsql.Value[string](t, tx, authenticateScheme, asked, alice, "guess", codeScheme)
			commit(t, tx)
			if got := status(t, connection, alice, ticket); got != "denied" || s.failures(t, alice) != 1 {
				t.Errorf("the guess is %s, with %d failures", got, s.failures(t, alice))
			}
			tx = begin(t, connection, alice)
			ticket = testsql.Value[string](t, tx, authenticateScheme, asked, alice, "right", codeScheme)
			commit(t, tx)
			if got := status(t, connection, alice, ticket); got != "accepted" {
				t.Errorf("the right response is %s", got)
			}
		})
	}
}

func TestVerifyFunctionCannotBecomeAnotherUser(t *testing.T) {
	s := newScene(t, alice, bob)
	testsql.Run(t, s.Pool, `
create function public.naive_user() returns text language sql stable return pg_catalog.current_setting('naive.userid', true);
create function public.become_bob() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('naive.userid', 'BOB', true);
  perform set_config('postern.session', left(current_setting('postern.session'), 65) || 'BOB', true);
  return true;
end $$;
grant execute on all functions in schema public to public`)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	testsql.Run(t, tx, "select pg_catalog.set_config('naive.userid', 'ALICE', true)")
	testsql.Run(t, tx, "select public.become_bob()")
	if got := testsql.Value[string](t, tx, "select public.naive_user()"); got != bob {
		t.Fatalf("the naive version withstood: %s", got)
	}
	rollback(t, tx)

	s.registerCode(t, "public.become_bob()")
	asked := challenge(t, connection, alice, approveGate, invoice)
	tx = begin(t, connection, alice)
	ticket := testsql.Value[string](t, tx, authenticateScheme, asked, alice, "anything", codeScheme)
	if got := testsql.Value[string](t, tx, "select postern.current_userid()"); got != alice {
		t.Errorf("the session is that of %s", got)
	}
	commit(t, tx)
	if got := testsql.Value[string](t, s.Pool, "select userid from postern_internal.checkpoint_entry where outcome <> 'administered'"); got != alice {
		t.Errorf("the log names %s", got)
	}
	tx = begin(t, connection, bob)
	testsql.Refused(t, tx, "PS103", openGates, ticket)
	rollback(t, tx)
}

// The PIN proves a PIN change. A scheme that somebody added must not open it.
func TestAddedSchemeDoesNotOpenThePINChange(t *testing.T) {
	s := newScene(t, alice)
	s.registerCode(t, "true")
	connection := s.connect(t)

	asked := challenge(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	ticket := testsql.Value[string](t, tx, authenticateScheme, asked, alice, "anything", codeScheme)
	commit(t, tx)
	if got := status(t, connection, alice, ticket); got != "accepted" {
		t.Fatalf("the scheme does not work at other gates: %s", got)
	}

	tx = begin(t, connection, alice)
	asked = testsql.Value[string](t, tx, "select postern.challenge($1)", pinGate)
	testsql.Refused(t, tx, "PS107", authenticateScheme, asked, alice, "anything", codeScheme)
	rollback(t, tx)
	tx = begin(t, connection, alice)
	open(t, tx, ticket)
	testsql.Refused(t, tx, "PS101", "select postern.set_pin('alice 8264 pin')")
	rollback(t, tx)
}

// Code hides in values: in casts, operators and constraints of the caller's own types.
func TestCallersTypesRunAsTheCaller(t *testing.T) {
	s := newScene(t, alice)
	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin")
	testsql.Run(t, i, `
create type public.planted as (value text);
create function public.planted_text(public.planted) returns text language plpgsql as $$
begin perform public.trap('a cast'); return ($1).value; end $$;
create cast (public.planted as text) with function public.planted_text(public.planted) as implicit;
create function public.planted_jsonb(public.planted) returns jsonb language plpgsql as $$
begin perform public.trap('a cast'); return ($1).value::jsonb; end $$;
create cast (public.planted as jsonb) with function public.planted_jsonb(public.planted) as implicit;
create domain public.planted_object as jsonb check (public.trap('a domain'));
create domain public.planted_name as text check (public.trap('a domain'))`)

	testsql.Run(t, s.Pool, `
create function public.naive_log(value anyelement) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return value::text;
end $$;
grant execute on function public.naive_log(anyelement) to public`)
	testsql.Run(t, i, "select public.naive_log(row('x')::public.planted)")
	i.mustCatch(t, "a cast of the caller's in a polymorphic function")

	tx := begin(t, i.Conn, alice)
	for _, call := range []string{
		`select postern.checkpoint(row('SINWOF_APPROVE')::public.planted, row('{"PAYEE": "x", "AMOUNT": 1}')::public.planted)`,
		`select postern.checkpoint('SINWOF_APPROVE'::public.planted_name, '{"PAYEE": "x", "AMOUNT": 1}'::public.planted_object)`,
	} {
		refusedAndGoOn(t, tx, "PS101", call)
	}
	testsql.Run(t, tx, `select postern.challenge('SINWOF_APPROVE'::public.planted_name, row('{"PAYEE": "x", "AMOUNT": 1}')::public.planted)`)
	testsql.Run(t, tx, `select postern.set_setting(row('lock_minutes')::public.planted, '30'::public.planted_name)`)
	rollback(t, tx)
	i.mustNotCatch(t, "a type of the caller's")

	if open := testsql.Values[string](t, s.Pool, `
select p.oid::pg_catalog.regprocedure::text
  from pg_catalog.pg_proc as p, unnest(p.proargtypes::pg_catalog.oid[]) as a (type)
  join pg_catalog.pg_type as y on y.oid = a.type
 where p.proowner = 'postern_owner'::pg_catalog.regrole and p.pronamespace <> 'postern_internal'::pg_catalog.regnamespace
   and (y.typtype <> 'b' or y.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace)`); len(open) > 0 {
		t.Errorf("these take more than built-in types: %s", open)
	}
}

func TestNobodyPlantsCodeOnTheTables(t *testing.T) {
	s := newScene(t, alice)
	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin", "postern_auditor")
	plants := []string{
		"create policy planted on %s using (public.trap('a policy'))",
		"create trigger planted before insert on %s for each row execute function public.planted()",
		"create rule planted as on insert to %s do also select public.trap('a rule')",
		"alter table %s add check (public.trap('a constraint'))",
		"alter table %s add column planted boolean default public.trap('a default')",
		"create index planted on %s ((public.trap('an index')))",
	}
	const planted = `
create function public.planted() returns trigger language plpgsql as $$
begin perform public.trap('a trigger'); return new; end $$`
	testsql.Run(t, i, planted)

	// Naive: a function with its owner's rights writes to a table that the application may alter.
	testsql.Run(t, s.Pool, `
create table public.naive_ticket (userid text);
create function public.naive_authenticate() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$ insert into public.naive_ticket values ('ALICE') $$;
grant all on public.naive_ticket to public;
grant execute on function public.naive_authenticate() to public`)
	testsql.Run(t, i, fmt.Sprintf(plants[1], "public.naive_ticket"))
	testsql.Run(t, i, "select public.naive_authenticate()")
	i.mustCatch(t, "a trigger on a table of the owner's")

	for _, table := range testsql.Values[string](t, s.Pool, `
select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c
 where c.relowner = 'postern_owner'::pg_catalog.regrole and c.relkind in ('r', 'v')`) {
		for _, plant := range plants {
			tx, err := i.BeginTx(t.Context(), pgx.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// 42809: nobody can do that to a view.
			if _, err := tx.Exec(t.Context(), fmt.Sprintf(plant, table)); testdb.Code(err) != "42501" && testdb.Code(err) != "42809" {
				t.Errorf(plant+": got %v", table, err)
			}
			rollback(t, tx)
		}
	}
}
