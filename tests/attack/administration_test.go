package attack

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Two changes of the administration: one that anybody would approve, and the one that MALLORY is after.
const (
	harmless  = "select postern.create_company('10', 'Nordic Paper')"
	switchOff = "select postern.set_gate_active('SINWOF_APPROVE', false)"
)

// naiveJudge asks at an ordinary gate once per transaction, at its end, and remembers that in a setting.
const naiveJudge = `
create schema naive;
grant usage on schema naive to public;
create table naive.change (what text);
grant all on naive.change to public;
create function naive.judge() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('naive.judged', true), '') = '' then
    perform set_config('naive.judged', 'yes', true);
    perform postern.checkpoint('SINWOF_RELEASE');
  end if;
  return null;
end $$;
create constraint trigger judge after insert on naive.change deferrable initially deferred for each row execute function naive.judge()`

// newAdministration is a scene in which the administration is behind its gate. ALICE administers it; so may MALLORY,
// who has ALICE's connection.
func newAdministration(t *testing.T, memberOf ...string) (*scene, *testsql.Administrator) {
	t.Helper()
	s := newScene(t, bob, mallory)
	administrator := testsql.NewAdministrator(t, s.Database, alice, memberOf...)
	administrator.Do(t, "select postern.set_setting('administration_gate', 'all')")
	testsql.Run(t, s.Pool, naiveJudge)
	s.ForgetLog(t)
	return s, administrator
}

// naiveTicket is an approval at the gate of the naive judge.
func naiveTicket(t *testing.T, a *testsql.Administrator) string {
	t.Helper()
	return a.Answer(t, testsql.Value[string](t, a.Conn, "select postern.challenge('SINWOF_RELEASE')"), a.PIN)
}

func naiveChanges(t *testing.T, s *scene) int {
	t.Helper()
	return testsql.Value[int](t, s.Pool, "select count(*)::int from naive.change where what = 'evil'")
}

func requireOn(t *testing.T, s *scene) {
	t.Helper()
	if !testsql.Value[bool](t, s.Pool, "select active from postern.gate where gate_id = 'SINWOF_APPROVE'") {
		t.Error("the gate was switched off")
	}
}

func TestApprovedChangeIsTheOneThatIsMade(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	if err := alice.Try(t, "insert into naive.change values ('evil')", naiveTicket(t, alice)); err != nil || naiveChanges(t, s) != 1 {
		t.Fatalf("the naive gate was bound to a change: the test shows nothing: %v", err)
	}

	for _, other := range []string{
		switchOff,
		harmless + "; " + switchOff,
		"select postern.create_company('10', 'Nordic Paper Inc.')",
		"select postern.create_company('11', 'Nordic Paper')",
		"select postern.create_company('11', 'Other'); " + harmless,
	} {
		ticket := alice.Approve(t, harmless)
		testdb.RequireCode(t, alice.Try(t, other, ticket), "PS103")
	}
	// Whoever asks reads what is asked: which values the change begins with is part of it.
	ticket := alice.Approve(t, "select postern.set_setting('max_failures', '7')")
	testsql.Run(t, s.Pool, `
begin;
select postern_internal.lift_administration_gate('a change in between');
select postern.set_setting('max_failures', '9');
select postern.set_setting('administration_gate', 'all');
commit`)
	testdb.RequireCode(t, alice.Try(t, "select postern.set_setting('max_failures', '7')", ticket), "PS103")

	ticket = alice.Approve(t, harmless)
	if err := alice.Try(t, harmless, ticket); err != nil {
		t.Fatal(err)
	}
	testdb.RequireCode(t, alice.Try(t, "select postern.create_company('12', 'Third')", ticket), "PS103") // used
	requireOn(t, s)
}

// The digest alone would bind the change, but the person reads the text.
func TestApprovalOfAHarmlessTextIsNotOneOfTheChange(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	testsql.Run(t, s.Pool, "begin; select postern_internal.lift_administration_gate('scene'); select postern.register_gate('APP_NAIVE', 'Change', '&CHANGES', '{CHANGES,DIGEST}', true, '{DIGEST}'); select postern.set_setting('administration_gate', 'all'); commit")
	forged := testsql.Value[string](t, alice.Conn, `select postern.challenge('APP_NAIVE', '{"CHANGES": "Company 10 added", "DIGEST": "that of the change"}')`)
	if err := alice.Try(t, `select postern.checkpoint('APP_NAIVE', '{"CHANGES": "Gate SINWOF_APPROVE switched off", "DIGEST": "that of the change"}')`, alice.Answer(t, forged, alice.PIN)); err != nil {
		t.Fatalf("the naive gate had bound the text: the test shows nothing: %v", err)
	}

	asked := alice.Asked(t, switchOff)
	testsql.Refused(t, alice.Conn, "PS107", "select postern.challenge('POSTERN_ADMINISTRATION', jsonb_build_object('COUNT', 1, 'CHANGES', 'Company \"10\" added', 'DIGEST', $1::text))", asked.Parameters.Digest)
	// No call passes the gate, not even with what was approved.
	reach := fmt.Sprintf("select postern.checkpoint('POSTERN_ADMINISTRATION', jsonb_build_object('COUNT', 1, 'CHANGES', %s, 'DIGEST', '%s')); ", quote(asked.Parameters.Changes), asked.Parameters.Digest)
	testdb.RequireCode(t, alice.Try(t, reach+switchOff, alice.Answer(t, asked.Challenge, alice.PIN)), "PS107")
	requireOn(t, s)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// Whatever changes after a judgement is judged again, together with what was judged before.
func TestEarlyJudgementCoversNothingLater(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	if err := alice.Try(t, "insert into naive.change values ('harmless'); set constraints all immediate; insert into naive.change values ('evil')", naiveTicket(t, alice)); err != nil || naiveChanges(t, s) != 1 {
		t.Fatalf("the naive judge judged twice: the test shows nothing: %v", err)
	}

	for name, statements := range map[string]string{
		"at once":        harmless + "; set constraints all immediate; " + switchOff,
		"deferred again": harmless + "; set constraints all immediate; set constraints all deferred; " + switchOff,
		"in a savepoint": harmless + "; savepoint a; set constraints all immediate; release savepoint a; set constraints all deferred; savepoint b; " + switchOff + "; release savepoint b",
		"in a handler":   "do $$ begin perform postern.create_company('10', 'Nordic Paper'); set constraints all immediate; set constraints all deferred; begin perform postern.set_gate_active('SINWOF_APPROVE', false); set constraints all immediate; exception when others then null; end; end $$; " + switchOff,
	} {
		t.Run(name, func(t *testing.T) {
			asked := alice.Asked(t, statements, alice.Approve(t, harmless))
			if !strings.Contains(asked.Parameters.Changes, "Gate SINWOF_APPROVE switched off") {
				t.Errorf("it asks %s", asked.Parameters.Changes)
			}
			requireOn(t, s)
		})
	}
	if got := testsql.Value[int](t, s.Pool, "select count(*)::int from postern.company"); got != 0 {
		t.Errorf("%d companies were created", got)
	}
}

// A handler that swallows the question leaves the change unjudged, and a rollback to a savepoint takes a judgement back.
func TestSwallowedQuestionIsAskedAgain(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	const swallow = "do $$ begin %s; set constraints all immediate; exception when sqlstate 'PS101' then null; end $$; "
	testsql.Run(t, s.Pool, "create function naive.ask() returns void language plpgsql as $$ begin perform postern.checkpoint('SINWOF_RELEASE'); exception when others then null; end $$")
	if err := alice.Try(t, "alter table naive.change disable trigger judge"); err == nil {
		t.Fatal("an administrator may disable the naive trigger")
	}
	testsql.Run(t, s.Pool, "alter table naive.change disable trigger judge")
	if err := alice.Try(t, "select naive.ask(); insert into naive.change values ('evil')"); err != nil || naiveChanges(t, s) != 1 {
		t.Fatalf("the naive function could not be made to go on: the test shows nothing: %v", err)
	}

	// The change is in the transaction, the question in a savepoint.
	alice.Asked(t, switchOff+"; "+fmt.Sprintf(swallow, "null"))
	// The change and the question are in the savepoint, so both are gone.
	if err := alice.Try(t, fmt.Sprintf(swallow, "perform postern.set_gate_active('SINWOF_APPROVE', false)")); err != nil {
		t.Fatal(err)
	}
	requireOn(t, s)
	// What was approved in a savepoint is not approved once that is rolled back.
	const approved = "savepoint a; " + harmless + "; set constraints all immediate; rollback to savepoint a; set constraints all deferred; "
	testdb.RequireCode(t, alice.Try(t, approved+switchOff, alice.Approve(t, harmless)), "PS103")
	if err := alice.Try(t, approved+harmless, alice.Approve(t, harmless)); err != nil {
		t.Errorf("the approval is lost with the savepoint: %v", err)
	}
	requireOn(t, s)
}

// MALLORY's own deferred trigger fires after the judgement, and changes something then.
func TestChangeByADeferredTriggerIsJudged(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	testsql.Run(t, s.Pool, fmt.Sprintf("create schema mallory authorization %s", pgx.Identifier{alice.Login.Name}.Sanitize()))
	testsql.Run(t, alice.Conn, `
create table mallory.late (n integer);
create function mallory.late() returns trigger language plpgsql as $$
begin
  if new.n > 0 then
    insert into mallory.late values (new.n - 1);
  elsif new.n = 0 then
    perform postern.set_gate_active('SINWOF_APPROVE', false);
  else
    insert into naive.change values ('evil');
  end if;
  return null;
end $$;
create constraint trigger late after insert on mallory.late deferrable initially deferred for each row execute function mallory.late()`)
	if err := alice.Try(t, "insert into naive.change values ('harmless'); insert into mallory.late values (-1)", naiveTicket(t, alice)); err != nil || naiveChanges(t, s) != 1 {
		t.Fatalf("the naive judge judged twice: the test shows nothing: %v", err)
	}
	for _, rounds := range []string{"0", "1", "5"} {
		alice.Asked(t, "insert into mallory.late values ("+rounds+")")
		for _, statements := range []string{
			harmless + "; insert into mallory.late values (" + rounds + ")",
			"insert into mallory.late values (" + rounds + "); " + harmless,
		} {
			// It asks again, or says that the approval was of something else, as the triggers come.
			if code := testdb.Code(alice.Try(t, statements, alice.Approve(t, harmless))); code != "PS101" && code != "PS103" {
				t.Errorf("%s: SQLSTATE %q", statements, code)
			}
		}
	}
	requireOn(t, s)
	alice.Do(t, "insert into mallory.late values (5)")
}

// The gate is switched off in the transaction that needs it, or was off when its snapshot was taken, or when it was
// prepared.
func TestGateIsJudgedAsItWasAndAsItIs(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	testsql.Run(t, s.Pool, `
create table naive.setting (is_on boolean);
insert into naive.setting values (true);
grant all on naive.setting to public;
create or replace function naive.judge() returns trigger language plpgsql as $$
begin
  if (select is_on from naive.setting) then
    perform postern.checkpoint('SINWOF_RELEASE');
  end if;
  return null;
end $$`)
	if err := alice.Try(t, "insert into naive.change values ('evil'); update naive.setting set is_on = false"); err != nil || naiveChanges(t, s) != 1 {
		t.Fatalf("the naive judge knew the setting from before: the test shows nothing: %v", err)
	}
	const off = "select postern.set_setting('administration_gate', 'none')"
	for _, statements := range []string{
		// A held cursor is read after the deferred triggers have fired once.
		"declare late cursor with hold for select postern.set_gate_active('SINWOF_APPROVE', false)",
		switchOff + "; " + off, off + "; " + switchOff, off,
		off + "; select postern.set_setting('administration_gate', 'company'); " + off + "; " + switchOff,
		"savepoint a; " + off + "; release savepoint a; " + switchOff + "; set constraints all immediate",
	} {
		alice.Asked(t, statements)
	}

	alice.Do(t, off)
	mallory := alice.Login.Connect(t)
	stale, err := mallory.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stale.Rollback(context.Background()) }()
	testsql.Run(t, stale, "select count(*) from postern.gate")
	alice.Do(t, "select postern.set_setting('administration_gate', 'all')")
	testsql.Run(t, s.Pool, "update naive.setting set is_on = true")
	testsql.Run(t, stale, harmless)
	if got := testsql.Value[string](t, stale, "select value from postern.setting where name = 'administration_gate'"); got != "none" {
		t.Fatalf("the old snapshot shows %q: the test shows nothing", got)
	}
	if err := stale.Commit(t.Context()); testdb.Code(err) != "40001" {
		t.Errorf("a change under an old snapshot: %v", err)
	}

	// What was prepared before keeps the gate from being switched on, until it has ended.
	alice.Do(t, off)
	prepared := "postern " + s.Name
	testsql.Run(t, mallory, "begin; "+switchOff+"; prepare transaction '"+prepared+"'")
	on := alice.Begin(t, pgx.TxOptions{})
	testsql.Run(t, on, "set local lock_timeout = '300ms'")
	testsql.Fails(t, on, "55P03", "select postern.set_setting('administration_gate', 'all')")
	_ = on.Rollback(t.Context())
	testsql.Run(t, mallory, "rollback prepared '"+prepared+"'")
	alice.Do(t, "select postern.set_setting('administration_gate', 'all')")
	if _, err := mallory.Exec(t.Context(), "begin; "+switchOff+"; prepare transaction '"+prepared+"'"); testdb.Code(err) != "PS101" {
		t.Errorf("a change is prepared without an approval: %v", err)
	}
	requireOn(t, s)
}

// A superuser who pretends to replicate, or who makes the change below the functions, is asked too.
func TestReplicaAdministersNothingUnapproved(t *testing.T) {
	t.Parallel()
	s, _ := newAdministration(t)
	superuser := s.Connect(t)
	testsql.Run(t, superuser, "set session_replication_role = replica")
	testsql.Run(t, superuser, "insert into naive.change values ('evil')")
	if naiveChanges(t, s) != 1 {
		t.Fatal("an ordinary trigger fires on a replica: the test shows nothing")
	}
	testsql.Refused(t, superuser, "PS401", "update postern_internal.gate set active = false where gate_id = 'SINWOF_APPROVE'")
	testsql.Refused(t, superuser, "PS401", "update postern_internal.setting set value = 'none' where name = 'administration_gate'")
	testsql.Refused(t, superuser, "PS401", "delete from postern_internal.setting where name = 'administration_gate'")
	// Nor without the entry.
	testsql.Refused(t, superuser, "PS501", "update postern_internal.gate set active = false where gate_id = 'SINWOF_APPROVE'; delete from postern_internal.checkpoint_entry where outcome = 'administered'")
	requireOn(t, s)
}

// The judge believes some entries that only the owner's functions write.
func TestAdministratorForgesNoExemption(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t, "postern_auditor", "postern_sealer", "postern_redactor", "postern_event_worker", "postern_trusted_app")
	testsql.Run(t, s.Pool, "create table naive.exemption (transaction_id xid8); grant all on naive.exemption to public")
	if err := alice.Try(t, "insert into naive.exemption values (pg_current_xact_id())"); err != nil {
		t.Fatalf("the naive exemption could not be written: the test shows nothing: %v", err)
	}
	for _, statement := range []string{
		"select postern_internal.lift_administration_gate('please')",
		"select postern_internal.record_administration('installation', '{}', '{}', '{}')",
		"insert into postern_internal.installation (version) values ('9')",
		"delete from postern_internal.unapproved_change",
		"truncate postern_internal.unapproved_change",
		"alter table postern_internal.unapproved_change disable trigger require_administrator",
		"set constraints postern_internal.require_administrator immediate",
		"set session_replication_role = replica",
	} {
		if code := testdb.Code(alice.Try(t, switchOff+"; "+statement)); code != "42501" {
			t.Errorf("%s: SQLSTATE %q", statement, code)
		}
	}
	// Her own objects stand for nothing of Postern's.
	const shadows = "create temp table %[1]s (like naive.change); set local search_path = pg_temp, postern_internal, pg_catalog; "
	for _, name := range []string{"unapproved_change", "own_entry", "own_change", "setting", "end_user", "checkpoint_entry"} {
		alice.Asked(t, fmt.Sprintf(shadows, name)+switchOff)
	}
	alice.Asked(t, "select postern.record_apply('{"+strings.Repeat("0", 64)+"}', 0, 0, 0)")
	alice.Asked(t, "select postern.checkpoint('POSTERN_PIN_CHANGE') where false; "+switchOff)
	requireOn(t, s)
}

// MALLORY has the administrator's login but not her PIN, and tries to come by one that answers.
func TestStolenLoginAdministersNothing(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t, "postern_trusted_app")
	// A naive gate takes the PIN of whoever the session speaks for. MALLORY is one of the users.
	connection := alice.Login.Connect(t)
	ticket := approve(t, connection, mallory, releaseGate, "{}")
	testsql.As(t, connection, mallory, func(tx pgx.Tx) {
		open(t, tx, ticket)
		reach(t, tx, releaseGate, "{}")
	})

	own := alice.Login.Name
	for name, statements := range map[string]string{
		"a session of a clerk":               switchOff,
		"her login is taken from her":        "select postern.set_user_db_role('ALICE', null); " + switchOff,
		"her login is MALLORY's":             fmt.Sprintf("select postern.set_user_db_role('ALICE', null); select postern.set_user_db_role('MALLORY', '%s'); ", own) + switchOff,
		"she is disabled":                    "select postern.set_user_active('ALICE', false); " + switchOff,
		"her login is taken and given again": fmt.Sprintf("select postern.set_user_db_role('ALICE', null); select postern.set_user_db_role('ALICE', '%s'); ", own) + switchOff,
	} {
		t.Run(name, func(t *testing.T) {
			tx := testsql.Begin(t, connection, mallory)
			testsql.Run(t, tx, statements)
			testdb.RequireCode(t, tx.Commit(t.Context()), "PS401")
			requireOn(t, s)
		})
	}

	// Her PIN is reset, and the new one answers at once: it does at the gate for changing a PIN.
	const reset = "select postern.reset_pin('ALICE', 'mallory 48 20 1')"
	alice.Asked(t, reset)
	testsql.Run(t, s.Pool, "begin; select postern_internal.lift_administration_gate('scene'); "+reset+"; select postern.set_setting('administration_gate', 'all'); commit")
	before := testsql.Value[string](t, alice.Conn, "select postern.challenge('POSTERN_PIN_CHANGE')")
	if err := alice.Try(t, "select postern.checkpoint('POSTERN_PIN_CHANGE')", alice.Answer(t, before, "mallory 48 20 1")); err != nil {
		t.Fatalf("the new PIN opens nothing: the test shows nothing: %v", err)
	}
	ticket = alice.Answer(t, alice.Asked(t, switchOff).Challenge, "mallory 48 20 1")
	testdb.RequireCode(t, alice.Try(t, switchOff, ticket), "PS102")
	requireOn(t, s)
}

// Somebody who is no user yet makes one, with a PIN, and answers as that user.
func TestUserOfTheSameTransactionApprovesNothing(t *testing.T) {
	t.Parallel()
	s, _ := newAdministration(t)
	mallory := s.Login(t, "postern_admin", "postern_user")
	connection := mallory.Connect(t)
	testsql.Run(t, s.Pool, `
create function naive.approve(userid text, pin text) returns boolean language sql security definer as $$
  select postern_internal.hash_pin(pin, c.hash) = c.hash from postern_internal.credential as c where c.userid = approve.userid
$$`)
	create := fmt.Sprintf("select postern.create_user('EVE', 'Eve', '%s'); select postern.reset_pin('EVE', 'eve 48 20 13'); ", mallory.Name)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, create)
	if !testsql.Value[bool](t, tx, "select naive.approve('EVE', 'eve 48 20 13')") {
		t.Fatal("the naive approval did not see the new user: the test shows nothing")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}

	eve := &testsql.Administrator{Login: mallory, Conn: connection, UserID: "EVE"}
	asked := eve.Asked(t, create+switchOff)
	testsql.Refused(t, connection, "PS401", "select postern.authenticate($1, 'EVE', 'eve 48 20 13')", asked.Challenge)
	// In the same transaction the answer is given, and opens nothing.
	tx, err = connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, create+switchOff+"; savepoint asked")
	_, err = tx.Exec(t.Context(), "set constraints all immediate")
	asked = testsql.RequestOf(t, err)
	testsql.Run(t, tx, "rollback to savepoint asked")
	ticket := testsql.Value[string](t, tx, "select postern.authenticate($1, 'EVE', 'eve 48 20 13')::text", asked.Challenge)
	testsql.Refused(t, tx, "PS103", "select postern.open_gates($1::text)", ticket)
	_ = tx.Rollback(t.Context())
	requireOn(t, s)
}

// Another administrator's approval is of the state that he saw.
func TestApprovalOfAnotherStateIsNone(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	name := s.Login(t, "postern_admin", "postern_user")
	alice.Do(t, fmt.Sprintf("select postern.set_user_db_role('BOB', '%s')", name.Name))
	bob := &testsql.Administrator{Login: name, Conn: name.Connect(t), UserID: bob, PIN: pins[bob]}

	// The approval of one is not that of the other, even for the same change.
	const change = "select postern.set_setting('max_failures', '7')"
	hers := alice.Approve(t, change)
	testdb.RequireCode(t, bob.Try(t, change, hers), "PS103")
	// Another change comes first.
	bob.Do(t, "select postern.set_setting('max_failures', '9')")
	testdb.RequireCode(t, alice.Try(t, change, hers), "PS103")
	alice.Do(t, change)
}

// A superuser may disable the trigger and enable it again. What nobody has judged stays listed, also if an accomplice's
// transaction had begun before.
func TestChangeThatEscapedTheTriggerIsListed(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	testsql.Run(t, s.Pool, "create table naive.unapproved (n integer); grant all on naive.unapproved to public")
	ticket := alice.Approve(t, harmless)
	accomplice := alice.Begin(t, pgx.TxOptions{})
	testsql.Run(t, accomplice, "select pg_current_xact_id()")
	testsql.Run(t, s.Pool, `
begin;
alter table postern_internal.unapproved_change disable trigger require_administrator;
update postern_internal.gate set active = false where gate_id = 'SINWOF_APPROVE';
alter table postern_internal.unapproved_change enable always trigger require_administrator;
insert into naive.unapproved values (1);
commit`)
	if got := testsql.Values[int](t, accomplice, "delete from naive.unapproved as u where age(u.xmin) <= 0 returning u.n"); len(got) != 1 {
		t.Fatal("the naive judge leaves what it has not judged: the test shows nothing")
	}
	testsql.Run(t, accomplice, "select postern.open_gates($1::text)", ticket)
	testsql.Run(t, accomplice, harmless)
	if err := accomplice.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := testsql.Values[string](t, s.Pool, "select l.message from postern_internal.unapproved_change as u join postern.administration_log as l using (log_id)"); len(got) != 1 || !strings.HasPrefix(got[0], "gate SINWOF_APPROVE changed: active") {
		t.Errorf("the unapproved changes are %q", got)
	}
	if got := testsql.Value[string](t, s.Pool, "select detail from postern.doctor where code = 'change_not_approved'"); !strings.Contains(got, "changed without an approval: gate SINWOF_APPROVE changed: active") {
		t.Errorf("doctor says %q", got)
	}
}

// A long description would push what matters out of the text that is shown.
func TestLongTextHidesNoColumn(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	const change = "select postern.register_gate('SINWOF_APPROVE', repeat('d', 150), repeat('m', 400) || ' &PAYEE &AMOUNT', '{PAYEE,AMOUNT}', true, '{}')"
	tx := alice.Begin(t, pgx.TxOptions{})
	testsql.Run(t, tx, change)
	_ = tx.Rollback(t.Context())
	naive := testsql.Value[string](t, s.Pool, `
select left(string_agg(c.name || ' ' || c.value, ', ' order by c.name), 400)
  from (values ('description', repeat('d', 150)), ('message', repeat('m', 400)), ('unbound_parameters', '["PAYEE", "AMOUNT"]')) as c (name, value)`)
	if strings.Contains(naive, "PAYEE") {
		t.Fatal("the naive text shows what is bound no more: the test shows nothing")
	}
	changes := alice.Asked(t, change).Parameters.Changes
	for _, want := range []string{`unbound_parameters [] -> ["PAYEE", "AMOUNT"]`, `description "`, `message "`, "ddd...", "mmm..."} {
		if !strings.Contains(changes, want) {
			t.Errorf("%s is not in the text: %s", want, changes)
		}
	}
	// However long everything is, each change can be approved.
	alice.Do(t, `
select postern.register_gate('SINWOF_' || n, repeat('"', 200), repeat('"', 400) || ' &' || repeat('P', 30), array[repeat('P', 30)], true, '{}')
  from generate_series(1, 30) as n`)
}

// Among a thousand changes of other kinds, or behind files that were never applied, one gate is switched off.
func TestNoKindHidesBehindAnother(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	const text = "Gate SINWOF_APPROVE switched off"
	for name, cover := range map[string]string{
		"actions": "select postern.register_action('A' || n) from generate_series(1, 1000) as n; ",
		"files":   "select postern.record_apply(array[repeat('0', 64)], n, 0, 0) from generate_series(1, 30) as n; ",
	} {
		naive := testsql.Value[string](t, s.Pool, `
select string_agg(c.change, '; ')
  from (select c.change from unnest(array_fill('Action A added'::text, '{30}') || $1::text) as c (change) order by c.change limit 20) as c`, text)
		if strings.Contains(naive, text) {
			t.Fatal("the naive text shows it: the test shows nothing")
		}
		for _, statements := range []string{cover + switchOff, switchOff + "; " + cover} {
			if got := alice.Asked(t, statements).Parameters.Changes; !strings.Contains(got, text) {
				t.Errorf("%s: it asks %s", name, got)
			}
		}
	}
	requireOn(t, s)
}

// A clerk has the log say that somebody approved a change which nobody has made.
func TestAdministrationIsApprovedByNoCall(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	const change = `{"COUNT": 1, "CHANGES": "Gate SINWOF_APPROVE switched off", "DIGEST": "0"}`
	testsql.Run(t, s.Pool, "begin; select postern_internal.lift_administration_gate('scene'); select postern.register_gate('APP_NAIVE', 'An administrator changes who may do what', '&CHANGES (changes: &COUNT, digest: &DIGEST)', '{COUNT,CHANGES,DIGEST}', true); select postern.set_setting('administration_gate', 'all'); commit")
	connection := s.application.Connect(t)
	pass := func(gate string) error {
		tx := testsql.Begin(t, connection, bob)
		defer func() { _ = tx.Rollback(t.Context()) }()
		ticket := ""
		if err := tx.QueryRow(t.Context(), "select postern.authenticate(postern.challenge($1, $2::jsonb), 'BOB', $3)::text", gate, change, pins[bob]).Scan(&ticket); err != nil {
			return err
		}
		if err := tx.Commit(t.Context()); err != nil {
			return err
		}
		testsql.As(t, connection, bob, func(tx pgx.Tx) {
			open(t, tx, ticket)
			reach(t, tx, gate, change)
		})
		return nil
	}
	if err := pass("APP_NAIVE"); err != nil || testsql.Value[int](t, s.Pool, "select count(*)::int from postern.checkpoint_log where message like 'Gate SINWOF_APPROVE switched off%' and outcome = 'passed'") != 1 {
		t.Fatalf("the naive gate cannot be passed by a call: the test shows nothing: %v", err)
	}
	testdb.RequireCode(t, pass("POSTERN_ADMINISTRATION"), "PS107")
	for _, statement := range []string{
		"select postern.checkpoint('POSTERN_ADMINISTRATION', '" + change + "')",
		"select security_sys.security_checkpoint('POSTERN_ADMINISTRATION', postern.jsonb_to_message('M', '" + change + "'))",
		"select postern.register_action('Forge', 'POSTERN_ADMINISTRATION')",
		"select postern.protect_gate('public.payment', 'POSTERN_ADMINISTRATION', parameters => '{}')",
	} {
		testdb.RequireCode(t, alice.Try(t, statement), "PS107")
	}
}

// With some kinds only, MALLORY makes guessing easier first, and then answers.
func TestKindsThatLeadToAnAnswerNeedTheApproval(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	alice.Do(t, "select postern.set_setting('administration_gate', 'none')")
	s.enablePasskeys(t)
	const easier = "select postern.set_setting('max_failures', '10')"
	if err := alice.Try(t, easier); err != nil {
		t.Fatal(err)
	}
	guess := func(response string) string {
		challenge := testsql.Value[string](t, alice.Conn, "select postern.challenge('SINWOF_RELEASE')")
		return testsql.Value[string](t, alice.Conn, "select postern.ticket_status($1::uuid)", alice.Answer(t, challenge, response))
	}
	for n := range 8 {
		if got := guess(fmt.Sprint("guess ", n)); got != "denied" {
			t.Fatalf("guess %d was %s: the test shows nothing", n, got)
		}
	}
	if got := guess(alice.PIN); got != "accepted" {
		t.Fatalf("the right PIN was %s after many guesses: the test shows nothing", got)
	}
	alice.Do(t, "select postern.set_setting('administration_gate', 'company')")
	device := enrolPasskey(t, s.application.Connect(t), bob) // with his own PIN, and no other approval
	for _, change := range []string{
		"select postern.set_setting('max_failures', '9')",
		"select postern.set_setting('lock_minutes', '1')",
		"select postern.create_session_key('mallory', 'a secret of at least thirty-two bytes')",
		"select postern.allow_login(session_user)" + "; select postern.disallow_login(session_user)",
		"select postern.unlock_user('ALICE')",
		fmt.Sprintf("select postern.remove_passkey('BOB', '\\x%x')", device.id),
	} {
		alice.Asked(t, change)
	}
}

// MALLORY leaves a change of the setting open. Users who change their PINs wait for nobody.
func TestPendingChangeKeepsNoUserWaiting(t *testing.T) {
	t.Parallel()
	s, alice := newAdministration(t)
	testsql.Run(t, s.Pool, `
create table naive.setting (is_on boolean);
insert into naive.setting values (true);
grant all on naive.setting to public`)
	open := alice.Begin(t, pgx.TxOptions{})
	testsql.Run(t, open, "select postern.set_setting('administration_gate', 'none'); update naive.setting set is_on = false")
	connection := s.application.Connect(t)
	testsql.Run(t, connection, "set lock_timeout = '1s'")
	testsql.Fails(t, connection, "55P03", "select from naive.setting for share")

	ticket := approve(t, connection, bob, pinGate, "{}")
	testsql.As(t, connection, bob, func(tx pgx.Tx) {
		testsql.Run(t, tx, "select postern.open_gates($1::uuid)", ticket)
		testsql.Run(t, tx, "select postern.set_pin('bob 10 482 9')")
	})
	if got := testsql.Value[int](t, s.Pool, "select count(*)::int from postern.administration_log where kind = 'credential'"); got == 0 {
		t.Error("the PIN was not changed")
	}
	// Whoever administers waits, since the gate may be switched off soon.
	other := alice.Login.Connect(t)
	testsql.Run(t, other, "set lock_timeout = '300ms'")
	testsql.Fails(t, other, "55P03", harmless)
}
