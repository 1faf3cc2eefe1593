package protect_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// Constraints look at hidden rows. That a value is taken is a limit that docs/company.md names; which value an existing
// row has, nobody is told.
func TestErrorsShowNoHiddenValue(t *testing.T) {
	s := newScene(t)
	for _, schema := range []string{"shop", "open"} {
		Run(t, s.Pool, "create schema if not exists "+schema+" authorization "+pgx.Identifier{s.owner.Config().User}.Sanitize())
		Run(t, s.owner, "grant usage on schema "+schema+" to public; set search_path = "+schema+`;
create table slot (slot_id integer primary key, company text, during int4range not null, place text check (place <> 'nowhere'), exclude using gist (during with &&));
insert into slot values (1, '10', '[1,2)', 'here'), (3, '20', '[700,731)', 'KESTREL');
create function fill() returns trigger language plpgsql as $$ begin new.place := coalesce(new.place, 'KESTREL'); return new; end $$;
create trigger fill before insert or update on slot for each row execute function fill();
create table use (use_id integer, company text, slot_id integer references slot on update restrict);
insert into use values (1, '10', 1), (2, '20', 3), (3, '20', 1);
create view early with (security_invoker) as select * from slot where slot_id < 5 with check option;
create table parted (slot_id integer, company text, place text default 'KESTREL') partition by list (slot_id);
create table parted_one partition of parted for values in (1)`)
		if schema == "shop" {
			Run(t, s.owner, "select postern.protect_company('slot'), postern.protect_company('use'), postern.protect_company('parted')")
		}
		Run(t, s.Pool, "grant all on all tables in schema "+schema+" to public")
	}
	Run(t, s.owner, "reset search_path")
	for _, test := range []struct{ sql, code, detail string }{
		{"insert into slot values (3, '10', '[5,6)')", "23505", "Key (slot_id)=(3)"},
		{"insert into slot values (3, '10', '[5,6)') on conflict (slot_id) where true do nothing; insert into slot values (3, '10', '[7,8)')", "23505", "Key (slot_id)=(3)"},
		{"update slot set slot_id = 3 where slot_id = 1; select", "23505", "Key (slot_id)=(3)"},
		{"insert into slot values (4, '10', '[1,10000)')", "23P01", "conflicts with existing key (during)"},
		{"insert into slot values (4, '10', '[710,720)')", "23P01", "[700,731)"},
		{"update slot set during = '[720,730)' where slot_id = 1", "23P01", "[700,731)"},
		{"insert into slot values (4, '10', null)", "23502", "KESTREL"},
		{"insert into slot values (4, '10', '[9,10)', 'nowhere')", "23514", "nowhere"},
		{"insert into early values (7, '10', '[9,10)')", "44000", "KESTREL"},
		{"insert into parted values (7, '10')", "23514", "(slot_id) = (7)"},
		{"insert into use values (9, '10', 99)", "23503", "Key (slot_id)=(99)"},
		{"delete from slot where slot_id = 1", "23503", "Key (slot_id)=(1)"},
	} {
		for _, schema := range []string{"open", "shop"} {
			tx := Begin(t, s.application, "ANN")
			Run(t, tx, "set local search_path = "+schema)
			_, err := perform(t, tx, test.sql)
			var got *pgconn.PgError
			if !errors.As(err, &got) || got.Code != test.code {
				t.Fatalf("%s, in %s: got %v, want %s", test.sql, schema, err, test.code)
			}
			if shown := strings.Contains(got.Detail, test.detail); shown != (schema == "open") || !shown && strings.ContainsAny(got.Detail, "([") {
				t.Errorf("%s, in %s: %s, DETAIL %q", test.sql, schema, got.Message, got.Detail)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// ANALYZE looks at all rows. PostgreSQL keeps what it found from whoever has row security on the table: in views, and
// from operators that the planner asks how many rows to expect.
func TestStatisticsShowNoHiddenValue(t *testing.T) {
	s := newScene(t)
	for _, schema := range []string{"shop", "open"} {
		Run(t, s.Pool, "create schema if not exists "+schema+" authorization "+pgx.Identifier{s.owner.Config().User}.Sanitize())
		Run(t, s.owner, "grant usage on schema "+schema+" to public; set search_path = "+schema+`;
create table voucher (voucher_id integer primary key, company text, place text, number integer);
insert into voucher select n, case when n % 2 = 0 then '10' else '20' end, case when n % 2 = 0 then 'here' else 'KESTREL' end, case when n % 2 = 0 then n else 731000 + n end from generate_series(1, 200) as n;
create table parted (like voucher) partition by list (company);
create table parted_twenty partition of parted for values in ('20');
create table parted_rest partition of parted default;
insert into parted select * from voucher;
create table parent (like voucher);
create table child () inherits (parent);
insert into child select * from voucher;
create statistics places on company, place from voucher;
create statistics sums on (number + 1), (place || '!') from voucher;
create table seen (value text);
create function same(a text, b text) returns boolean language plpgsql as $$ begin execute 'insert into seen values ($1)' using a; return a = b; end $$;
create function less(a integer, b integer) returns boolean language plpgsql as $$ begin execute 'insert into seen values ($1)' using a; return a < b; end $$;
create operator === (function = same, leftarg = text, rightarg = text, restrict = eqsel);
create operator <<< (function = less, leftarg = integer, rightarg = integer, restrict = scalarltsel)`)
		if schema == "shop" {
			Run(t, s.owner, "select postern.protect_company('voucher'), postern.protect_company('parted'), postern.protect_company('parent')")
		}
		Run(t, s.owner, "reset search_path")
		Run(t, s.Pool, "grant all on all tables in schema "+schema+" to public; analyze "+schema+".voucher, "+schema+".parted, "+schema+".parent, "+schema+".child")
	}
	for _, sql := range []string{
		"select coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '') from pg_stats where schemaname = current_schema",
		"set local row_security = off; select most_common_vals::text from pg_stats where schemaname = current_schema and attname = 'place'",
		"select most_common_vals::text from pg_stats_ext where schemaname = current_schema",
		"select most_common_vals::text from pg_stats_ext_exprs where schemaname = current_schema",
		"explain select from voucher where place === 'x'; select value from seen",
		"explain select from voucher where number <<< 731100; select value from seen",
		"explain select from parted where place === 'x'; select value from seen",
		"explain select from parted_twenty where place === 'x'; select value from seen",
		"explain select from parted where number <<< 731100; select value from seen",
		"explain select from parent where place === 'x'; select value from seen",
		"explain select from child where number <<< 731100; select value from seen",
		"explain select from voucher as a join voucher as b on a.number <<< b.number where a.place === 'x'; select value from seen",
		"prepare p as select from voucher where place === 'x'; explain execute p; deallocate p; select value from seen",
	} {
		for _, schema := range []string{"open", "shop"} {
			shown := false
			for _, connection := range []*pgx.Conn{s.application, s.owner} { // extended statistics are shown to owners only
				tx := Begin(t, connection, "ANN")
				Run(t, tx, "set local search_path = "+schema)
				got, err := perform(t, tx, sql)
				if err != nil {
					t.Fatalf("%s, in %s: %v", sql, schema, err)
				}
				shown = shown || strings.Contains(got, "KESTREL") || strings.Contains(got, "731")
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if shown != (schema == "open") {
				t.Errorf("%s, in %s: shows a hidden value: %v", sql, schema, shown)
			}
		}
	}
}

// Each command fails instead of passing over the hidden rows.
func TestRowSecurityCannotBeSwitchedOff(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, `
create table shop.open as select * from shop.voucher;
alter table shop.open add primary key (voucher_id);
grant all on shop.open to public;
select postern.protect_company('shop.voucher');
create view shop.of_owner as select * from shop.voucher;
create function shop.setting() returns bigint language plpgsql stable set row_security = off as $$ begin return (select count(*) from shop.voucher); end $$;
create function shop.definer() returns bigint language plpgsql stable security definer set row_security = off as $$ begin return (select count(*) from shop.voucher); end $$`)
	Run(t, s.application, "prepare before as select count(*) from shop.voucher")
	commands := []string{
		"select from TABLE", "select from TABLE for update", "copy TABLE to stdout", "insert into TABLE values (6, '10', 1)",
		"update TABLE set amount = 0", "delete from TABLE", "merge into TABLE as v using (select 1) as s on true when matched then delete",
		"insert into TABLE values (1, '10', 1) on conflict (voucher_id) do update set amount = 0", "with v as (delete from TABLE returning *) select from v",
		"create temporary table mine as select * from TABLE", "declare c cursor for select from TABLE",
	}
	for _, connection := range []*pgx.Conn{s.application, s.owner} {
		for _, userid := range []string{"ANN", ""} {
			for _, command := range commands {
				for table, code := range map[string]string{"shop.open": "", "shop.voucher": "42501"} {
					tx, err := connection.Begin(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if userid != "" {
						Run(t, tx, "select postern.assume_user($1)", userid)
					}
					Run(t, tx, "set local row_security = off")
					sql := strings.ReplaceAll(command, "TABLE", table)
					if _, err := perform(t, tx, sql); testdb.Code(err) != code {
						t.Errorf("%s: got %v, want the code %q", sql, err, code)
					}
					if err := tx.Rollback(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for _, sql := range []string{"select from shop.of_owner", "select shop.setting()", "select shop.definer()", "execute before"} {
		tx := Begin(t, s.application, "ANN")
		Run(t, tx, "set local row_security = off")
		Fails(t, tx, "42501", sql)
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	As(t, s.application, "ANN", func(tx pgx.Tx) {
		if got := Value[int](t, tx, "execute before"); got != 2 {
			t.Errorf("after row security was off, the plan shows %d rows", got)
		}
	})
}

// A role with BYPASSRLS runs a statement first, and then another role does, in the same session and with the same plan.
func TestPlansOfOneRoleServeNoOther(t *testing.T) {
	for _, f := range []family{families[0], families[2], families[5]} {
		t.Run(f.name, func(t *testing.T) {
			s := newTwins(t, f)
			hidden := len(strings.Split(f.hidden, ", "))
			Run(t, s.Pool, "set role "+pgx.Identifier{s.owner.Config().User}.Sanitize()+`;
create function shop.kept() returns bigint language plpgsql stable as $$ begin return (select count(*) from shop.voucher); end $$;
create function shop.called(integer) returns bigint language sql volatile as $$ select count(*) from shop.voucher where voucher_id > $1 $$;
create function shop.atomic() returns bigint language sql stable begin atomic select count(*) from shop.voucher; end;
create view shop.viewed with (security_invoker) as select count(*) from shop.voucher;
create function shop.switched() returns bigint[] language plpgsql as $$
declare counts bigint[];
begin
  for i in 1 .. 2 loop
    execute format('set local role %I', case i when 1 then '`+strings.Trim(s.observer, `"`)+`' else session_user end);
    counts := counts || (select count(*) from shop.voucher);
  end loop;
  return counts;
end $$;
reset role`)
			for _, mode := range []string{"auto", "force_generic_plan", "force_custom_plan"} {
				Run(t, s.application, "set plan_cache_mode = "+mode+"; prepare counted (integer) as select count(*) from shop.voucher where voucher_id > $1")
				for _, sql := range []string{"execute counted (0)", "select shop.kept()", "select shop.called(0)", "select shop.atomic()", "select count from shop.viewed"} {
					for range 7 { // PostgreSQL keeps a generic plan after five custom ones
						tx := Begin(t, s.application, "ANN")
						Run(t, tx, "set local role "+s.observer)
						all := Value[int](t, tx, sql)
						Run(t, tx, "set local role none")
						mine := Value[int](t, tx, sql)
						Run(t, tx, "set local role "+s.observer)
						again := Value[int](t, tx, sql)
						if all != 6 || again != 6 || mine != 6-hidden {
							t.Errorf("%s, %s: %d, %d and %d rows, want 6, %d and 6", mode, sql, all, mine, again, 6-hidden)
						}
						if err := tx.Rollback(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				As(t, s.application, "ANN", func(tx pgx.Tx) {
					if got := Value[[]int](t, tx, "select shop.switched()"); !slices.Equal(got, []int{6, 6 - hidden}) {
						t.Errorf("%s: a function that changes its role counts %v", mode, got)
					}
				})
				Run(t, s.application, "deallocate counted; reset plan_cache_mode")
			}
		})
	}
}

// An application may assert another user in the middle of a transaction. A cursor that is open then, and a statement
// that does this itself, show rows of either user, and none that neither may see.
func TestCursorShowsNothingThatNeitherUserSees(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			s := newTwins(t, f)
			if !strings.Contains(f.hidden, "5") {
				Run(t, s.Pool, "set search_path = shop, public; update voucher set company = '30' where voucher_id = 5; reset search_path")
			}
			nobodys := func(got []int32) bool { return slices.Contains(got, 5) }
			for first := range 7 {
				tx := Begin(t, s.application, "ANN")
				Run(t, tx, "declare c cursor for select voucher_id from shop.voucher")
				got := Values[int32](t, tx, fmt.Sprintf("fetch forward %d from c", first))
				Run(t, tx, "select postern.assume_user('BEN')")
				if rest := Values[int32](t, tx, "fetch all from c"); nobodys(got) || nobodys(rest) {
					t.Errorf("ANN fetched %v, and BEN %v", got, rest)
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
				tx = Begin(t, s.application, "ANN")
				if got := Values[int32](t, tx, "select voucher_id from shop.voucher where voucher_id <> $1 or postern.assume_user('BEN') is not null", first); nobodys(got) {
					t.Errorf("a statement that becomes BEN at voucher %d shows %v", first, got)
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestRowMovesOnlyToWhereItsUserMayWrite(t *testing.T) {
	s := newScene(t)
	Run(t, s.Pool, "select postern.grant_company('ANN', '30')")
	build := func(table string) string {
		return strings.ReplaceAll(`
create table shop.T (voucher_id integer, company text) partition by list (company);
create table shop.T_10 partition of shop.T for values in ('10');
create table shop.T_20 partition of shop.T for values in ('20');
create table shop.T_rest partition of shop.T default;
create table shop.T_40 (voucher_id integer, company text);
insert into shop.T values (1, '10'), (3, '20');
insert into shop.T_40 values (4, '40');`, "T", table)
	}
	Run(t, s.owner, build("open")+build("voucher")+"select postern.protect_company('shop.voucher')")
	for _, table := range []string{"open", "voucher"} {
		Run(t, s.owner, "alter table shop."+table+" attach partition shop."+table+"_40 for values in ('40')")
	}
	for _, try := range []struct{ sql, naive, want string }{
		{"update shop.T set company = '30' where voucher_id = 1", "1", "1"},
		{"update shop.T set company = '20' where voucher_id = 1", "1", "42501"},
		{"update shop.T set company = '99' where voucher_id = 1", "1", "42501"},
		{"update shop.T set company = '10'", "3", "1"},
		{"update shop.T_10 set company = '30'", "23514", "23514"}, // a partition moves nothing
		{"update shop.T_20 set voucher_id = 0", "1", "0"},
		{"select company from shop.T order by 1", "10,20,40", "10"},
		{"insert into shop.T values (9, '40')", "1", "42501"},
		{"merge into shop.T as v using (values ('10', '20')) as s (a, b) on v.company = s.a when matched then update set company = s.b", "1", "42501"},
		{"with gone as (delete from shop.T returning *) insert into shop.T select voucher_id, '30' from gone returning voucher_id", "1,3,4", "1"},
	} {
		for table, want := range map[string]string{"open": try.naive, "voucher": try.want} {
			tx := Begin(t, s.application, "ANN")
			sql := strings.ReplaceAll(try.sql, "shop.T", "shop."+table)
			got, err := perform(t, tx, sql)
			if code := testdb.Code(err); code != "" {
				got = code
			} else if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: got %q, want %q", sql, got, want)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Only superusers create event triggers. One that forbids policies, as a naive guard of the schema might, is told of
// each change that protection makes, and can refuse it as a whole.
func TestEventTriggerSeesProtectionComeAndGo(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	before := s.catalog(t)
	Run(t, s.Pool, `
create table public.told (number integer generated always as identity, tag text);
create table public.answer (refuse boolean not null);
insert into public.answer values (false);
create function public.tell() returns event_trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.told (tag) select distinct c.command_tag from pg_catalog.pg_event_trigger_ddl_commands() as c;
  if (select refuse from public.answer) and exists (select from public.told where tag = 'CREATE TRIGGER') then raise exception 'no triggers here'; end if;
end $$;
create event trigger tell on ddl_command_end execute function public.tell()`)
	Run(t, s.Pool, "update public.answer set refuse = true")
	Fails(t, s.owner, "P0001", "select postern.protect_company('shop.voucher')")
	if after := s.catalog(t); after != before {
		t.Errorf("the refused protection has left\n%s", after)
	}
	Run(t, s.Pool, "update public.answer set refuse = false")
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx, 1, 2) })
	Run(t, s.owner, "select postern.unprotect('shop.voucher')")
	for _, tag := range []string{"CREATE POLICY", "ALTER POLICY", "ALTER TABLE", "CREATE TRIGGER"} {
		if Value[int](t, s.Pool, "select count(*) from public.told where tag = $1", tag) == 0 {
			t.Errorf("the event trigger was not told of %s", tag)
		}
	}
	if after := s.catalog(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}
