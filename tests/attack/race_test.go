package attack

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// naiveCounter looks how many attempts there were, and then counts this one.
const naiveCounter = `
create table public.naive_attempt (attempt bigint generated always as identity);
create function public.naive_authenticate(response text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from public.naive_attempt) >= 5 then
    return 'locked';
  end if;
  perform pg_sleep(0.2); -- the hash
  insert into public.naive_attempt default values;
  return case response when 'right' then 'accepted' else 'denied' end;
end
$$`

// Fifty sessions of ALICE's are ready to guess. She has five guesses.
func TestRacingSessionsGetNoMoreVerdicts(t *testing.T) {
	t.Parallel()
	const sessions = 50
	s := newScene(t, alice)
	s.set(t, "denials_per_hour", "1000000")
	testsql.Run(t, s.Pool, naiveCounter)
	connections := make([]*pgx.Conn, sessions)
	for i := range connections {
		connections[i] = s.connect(t)
	}

	// race makes each session begin, wait for all others, and guess once. It returns what each session saw. A session
	// that fails because of another one's commit tries again.
	race := func(t *testing.T, level pgx.TxIsoLevel, guess func(tx pgx.Tx) (string, error)) []string {
		var ready, group sync.WaitGroup
		ready.Add(sessions)
		var again atomic.Int64
		seen := make([]string, sessions)
		for i, connection := range connections {
			group.Go(func() {
				for first := true; ; first = false {
					tx, err := connection.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
					if err == nil {
						_, err = tx.Exec(t.Context(), "select postern.assume_user($1)", alice) // takes the snapshot
					}
					if first {
						ready.Done()
						ready.Wait()
					}
					if err == nil {
						seen[i], err = guess(tx)
					}
					if err == nil {
						err = tx.Commit(t.Context())
					} else {
						_ = tx.Rollback(t.Context())
					}
					if testdb.Code(err) == "40001" {
						again.Add(1)
						if seen[i] == "" {
							continue
						}
						return // it has seen enough
					}
					if err != nil {
						t.Error(err)
					}
					return
				}
			})
		}
		group.Wait()
		t.Logf("%s: %d serialization failures", level, again.Load())
		return seen
	}

	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		t.Run(string(level), func(t *testing.T) {
			testsql.Run(t, s.Pool, "truncate public.naive_attempt")
			looked := 0
			for _, verdict := range race(t, level, func(tx pgx.Tx) (verdict string, err error) {
				err = tx.QueryRow(t.Context(), "select public.naive_authenticate('wrong')").Scan(&verdict)
				return verdict, err
			}) {
				if verdict == "denied" {
					looked++
				}
			}
			// At SERIALIZABLE the result depends on timing: PostgreSQL itself may fail all but five.
			if looked <= 5 && level != pgx.Serializable {
				t.Fatalf("naive: only %d guesses were looked at", looked)
			}

			for _, test := range []struct {
				before int // failures that count already
				want   int // remaining guesses
			}{{0, 5}, {3, 2}} {
				testsql.Run(t, s.Pool, "delete from postern_internal.ticket")
				testsql.Run(t, s.Pool, "update postern_internal.credential set failures = $1, locked_until = '-infinity'", test.before)
				challenge := challenge(t, connections[0], alice, approveGate, invoice)
				verdicts := map[string]int{}
				for i, ticket := range race(t, level, func(tx pgx.Tx) (ticket string, err error) {
					err = tx.QueryRow(t.Context(), authenticate, challenge, alice, "wrong "+strconv.Itoa(sessions)).Scan(&ticket)
					return ticket, err
				}) {
					verdict, err := statusOf(t, connections[i], ticket)
					if testdb.Code(err) == "PS103" {
						verdict = "none" // its transaction failed at the commit, so the ticket says nothing
					} else if err != nil {
						t.Fatal(err)
					}
					verdicts[verdict]++
				}
				t.Log(verdicts)
				if verdicts["denied"] != test.want || verdicts["locked"]+verdicts["none"] != sessions-test.want {
					t.Errorf("with %d failures before: %v, want %d denied", test.before, verdicts, test.want)
				}

				// The right PIN comes too late.
				ticket := answer(t, connections[0], alice, challenge, alice, pins[alice])
				if got := status(t, connections[0], alice, ticket); got != "locked" {
					t.Errorf("the next response is %s", got)
				}
			}
		})
	}
}

// A statement sees the data as they were when it began. A counter that reads such a view never reaches five.
func TestOneStatementCannotGuessRepeatedly(t *testing.T) {
	t.Parallel()
	const guesses = 200
	s := newScene(t, alice)
	s.set(t, "denials_per_hour", "1000000")
	testsql.Run(t, s.Pool, naiveCounter)
	testsql.Run(t, s.Pool, `
create function public.naive_attempts() returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select count(*) from public.naive_attempt $$;
create function public.naive_guess() returns boolean language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$ insert into public.naive_attempt default values returning true $$`)
	connection := s.connect(t)
	if got := testsql.Value[int](t, connection, "select count(*) filter (where public.naive_guess()) from generate_series(1, $1) as i where public.naive_attempts() < 5", guesses); got != guesses {
		t.Fatalf("naive: only %d guesses were looked at", got)
	}

	question := challenge(t, connection, alice, approveGate, invoice)
	tx := begin(t, connection, alice)
	testsql.Refused(t, tx, "PS103", `
select array_agg(postern.authenticate($1, $2, case when i = 6 then $3 else 'wrong ' || i end)::text order by i)
  from generate_series(1, $4::integer) as i`, question, alice, pins[alice], guesses)
	rollback(t, tx)
	s.requireUntouched(t)
}

// statusOf asks for the status of a ticket, which may be refused.
func statusOf(t testing.TB, connection *pgx.Conn, ticket string) (verdict string, err error) {
	t.Helper()
	tx := begin(t, connection, alice)
	defer rollback(t, tx)
	err = tx.QueryRow(t.Context(), "select postern.ticket_status($1::uuid)", ticket).Scan(&verdict)
	return verdict, err
}
