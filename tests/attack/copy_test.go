package attack

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testsql"
)

// A copy of the database has its secrets. Whoever may speak for users there, such as a developer, must not be able to bring
// along what the copy says, for a transaction here that begins in the same microsecond: that takes a few tries.
func TestSessionOfACopyCountsNowhereElse(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, "create table public.said (moment timestamptz, naive text, said text)")
	copied := s.Copy(t)
	const speak = `
do $$
begin
  for n in 1 .. 20000 loop
    insert into public.said
    select transaction_timestamp(), encode(sha256(s.secret || convert_to('ALICE' || E'\t' || session_user::text, 'UTF8') || timestamptz_send(transaction_timestamp())), 'hex'),
           postern_internal.session_value(s.secret, 'ALICE')
      from postern_internal.session_secret as s;
    commit;
  end loop;
end
$$`
	type words struct{ naive, said string }
	speakers := []*pgx.Conn{s.Connect(t), copied.Connect(t)}
	said := []map[string]words{{}, {}}
	met := 0
	for round := 0; round < 20 && met == 0; round++ { // on a busy machine, one may be done before the other begins
		var both sync.WaitGroup
		for index, speaker := range speakers {
			both.Go(func() {
				if _, err := speaker.Exec(t.Context(), speak); err != nil {
					t.Error(err)
					return
				}
				rows, _ := speaker.Query(t.Context(), "select moment::text, naive, said from public.said")
				var moment, naive, value string
				if _, err := pgx.ForEachRow(rows, []any{&moment, &naive, &value}, func() error { said[index][moment] = words{naive, value}; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for moment, here := range said[0] {
			there, same := said[1][moment]
			if !same {
				continue
			}
			met++
			if here.naive != there.naive {
				t.Fatal("naive: the copy has another secret")
			}
			if here.said == there.said {
				t.Fatalf("at %s the copy says the same as the original", moment)
			}
		}
	}
	if met == 0 {
		t.Error("no two transactions began in the same microsecond")
	}
}

// A restored dump may have the name of the original, but has other tables.
func TestProofsNameTheDatabaseAndItsTable(t *testing.T) {
	t.Parallel()
	s := newScene(t, alice)
	tx := begin(t, s.connect(t), alice)
	defer rollback(t, tx)
	for name, query := range map[string]string{
		"session": `
select s.secret || convert_to('ALICE' || E'\t' || session_user::text, 'UTF8') || '\x00' || convert_to(current_database()::text, 'UTF8') || '\x00'
         || int4send(s.tableoid::bigint::integer) || timestamptz_send(transaction_timestamp()) as content,
       postern_internal.session_value(s.secret, 'ALICE') as said
  from postern_internal.session_secret as s`,
		"challenge": `
select k.outer_pad || sha256(k.inner_pad || convert_to(current_database() || '.' || k.tableoid || '.eyJ', 'UTF8')) as content,
       encode(decode(rpad(translate(postern_internal.sign_challenge('eyJ'), '-_', '+/'), 44, '='), 'base64'), 'hex') || E'\tALICE' as said
  from postern_internal.server_key as k
 where k.purpose = 'challenge'`,
	} {
		if !testsql.Value[bool](t, s.Pool, "select encode(sha256(q.content), 'hex') || E'\\tALICE' = q.said from ("+query+") as q") {
			t.Errorf("%s: the database and the table are not in it", name)
		}
	}
}
