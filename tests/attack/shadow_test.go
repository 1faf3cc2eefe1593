package attack

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// intruder is a connection of somebody who has planted code and waits until it runs with another role's rights.
type intruder struct {
	*pgx.Conn
	// caught is what the planted code reported: which trap it was, and as whom it ran. Notices outlive a rollback.
	caught *[]string
}

// trap reports if it runs as anybody else than the person at the keyboard. It pins its own search_path, because nothing
// around it can be trusted.
const trap = `
create function public.trap(name pg_catalog.text) returns pg_catalog.bool
language plpgsql set search_path = pg_catalog as $$
begin
  if current_user <> session_user then
    raise warning 'trap: % ran as %', name, current_user;
  end if;
  return true;
end $$`

// intrude opens a connection as a new login that is a member of the named roles, and plants a trap. It may create
// objects in public, as in any database that was upgraded from PostgreSQL 14.
func intrude(t testing.TB, database *testdb.Database, memberOf ...string) intruder {
	t.Helper()
	login := database.Login(t, memberOf...)
	testsql.Run(t, database.Pool, "grant create on schema public to "+pgx.Identifier{login.Name}.Sanitize())
	config, err := pgx.ParseConfig(login.URL)
	if err != nil {
		t.Fatal(err)
	}
	caught := new([]string)
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		if strings.HasPrefix(notice.Message, "trap: ") {
			*caught = append(*caught, notice.Message)
		}
	}
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	testsql.Run(t, connection, trap)
	return intruder{connection, caught}
}

// mustCatch fails unless the attack has worked, and resets the trap.
func (i intruder) mustCatch(t testing.TB, what string) {
	t.Helper()
	if len(*i.caught) == 0 {
		t.Fatalf("the naive version withstood: %s", what)
	}
	*i.caught = nil
}

// mustNotCatch fails if the intruder's code has run as anybody else.
func (i intruder) mustNotCatch(t testing.TB, what string) {
	t.Helper()
	if len(*i.caught) > 0 {
		t.Errorf("%s: the intruder's code ran: %s", what, strings.Join(*i.caught, "\n"))
	}
	*i.caught = nil
}

// shadowTypes plants a domain over every type that a function could name.
const shadowTypes = `
do $$
declare
  shadowed record;
begin
  for shadowed in
    select t.typname
      from pg_catalog.pg_type as t
     where t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and t.typtype in ('b', 'r', 'm') and t.typelem = 0
  loop
    execute pg_catalog.format(
      'create domain pg_temp.%1$I as pg_catalog.%1$I check (public.trap(%2$L))', shadowed.typname, 'type ' || shadowed.typname);
  end loop;
end $$`

// shadowRelations plants a view over each relation that Postern could read: its own and those of the catalog.
const shadowRelations = `
do $$
declare
  shadowed record;
begin
  for shadowed in
    select c.relname
      from pg_catalog.pg_class as c
     where c.relkind in ('r', 'v')
       and c.relnamespace in (select n.oid from pg_catalog.pg_namespace as n
                               where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner')
  loop
    execute pg_catalog.format(
      'create or replace temporary view %1$I as select public.trap(%2$L) as trapped', shadowed.relname, 'relation ' || shadowed.relname);
  end loop;
  for shadowed in
    select c.relname
      from pg_catalog.pg_class as c
     where c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace
       and c.relname in ('pg_class', 'pg_extension', 'pg_namespace', 'pg_proc', 'pg_roles', 'pg_type')
  loop
    execute pg_catalog.format(
      'create or replace temporary view %1$I as select * from pg_catalog.%1$I where public.trap(%2$L)', shadowed.relname, 'relation ' || shadowed.relname);
  end loop;
end $$`

// shadowFunctions plants functions in public and in pg_temp: one for each function of the catalog whose name occurs in
// the text of one of Postern's functions, and one for each of Postern's own. It leaves out what PL/pgSQL cannot
// express.
const shadowFunctions = `
do $$
declare
  shadowed record;
begin
  for shadowed in
    with own as (
      select p.*
        from pg_catalog.pg_proc as p
       where pg_catalog.pg_get_userbyid(p.proowner) = 'postern_owner'
    ), word as (
      select distinct w.word[1] as word
        from own, pg_catalog.regexp_matches(own.prosrc, '[a-z_0-9]+', 'g') as w (word)
    )
    select distinct s.schema_name, p.proname, p.prokind, p.proretset,
           (select pg_catalog.string_agg(
                     case when p.provariadic <> 0 and a.position = p.pronargs then 'variadic ' else '' end
                     || pg_catalog.format_type(a.type, null), ', ' order by a.position)
              from pg_catalog.unnest(p.proargtypes) with ordinality as a (type, position)) as arguments,
           pg_catalog.format_type(p.prorettype, null) as result
      from pg_catalog.pg_proc as p,
           (values ('public'), ('pg_temp')) as s (schema_name)
     where p.prokind in ('f', 'a')
       and p.prorettype not in ('trigger'::pg_catalog.regtype, 'internal'::pg_catalog.regtype)
       and (p.oid in (select own.oid from own)
            or p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and p.proname in (select word.word from word))
  loop
    begin
      execute pg_catalog.format(
        'create function %I.%I(%s) returns %s%s language plpgsql set search_path = pg_catalog as
         $body$begin perform public.trap(%L); %s end$body$',
        shadowed.schema_name, shadowed.proname, coalesce(shadowed.arguments, ''), case when shadowed.proretset then 'setof ' else '' end,
        shadowed.result, 'function ' || shadowed.proname,
        case when shadowed.proretset or shadowed.result = 'void' then 'return;' else 'return null;' end);
    exception when feature_not_supported or invalid_function_definition or syntax_error or duplicate_function or insufficient_privilege then
      null;  -- pseudo-types, OUT arguments, and types that are out of reach
    end;
  end loop;
end $$`

// shadowOperators plants an operator for each one of the catalog between the types that Postern works with.
const shadowOperators = `
do $$
declare
  shadowed record;
  number integer := 0;
begin
  for shadowed in
    select o.oprname, o.oprleft, o.oprright, o.oprresult
      from pg_catalog.pg_operator as o
     where o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace
       and o.oprright = any (array['text', 'name', 'jsonb', 'bool', 'int4', 'int8', 'numeric', 'float8', 'timestamptz', 'interval', 'bytea',
                                   'uuid', 'xid8', 'oid', 'text[]', 'anyarray', 'anyelement', 'regprocedure']::pg_catalog.regtype[])
       and o.oprresult <> 0
  loop
    number := number + 1;
    begin
      execute pg_catalog.format(
        'create function public.shadow_operator_%s(%s%s) returns %s language plpgsql set search_path = pg_catalog as
         $body$begin perform public.trap(%L); return null; end$body$',
        number, case when shadowed.oprleft <> 0 then pg_catalog.format_type(shadowed.oprleft, null) || ', ' end,
        pg_catalog.format_type(shadowed.oprright, null), pg_catalog.format_type(shadowed.oprresult, null), 'operator ' || shadowed.oprname);
      execute pg_catalog.format(
        'create operator public.%s (%s rightarg = %s, function = public.shadow_operator_%s)',
        shadowed.oprname, case when shadowed.oprleft <> 0 then 'leftarg = ' || pg_catalog.format_type(shadowed.oprleft, null) || ',' end,
        pg_catalog.format_type(shadowed.oprright, null), number);
    exception when feature_not_supported or invalid_function_definition or syntax_error then
      null;
    end;
  end loop;
end $$`

func TestShadowedTypeRunsNothing(t *testing.T) {
	s := newScene(t, alice)
	// The usual advice, an empty search_path, leaves pg_temp in front of pg_catalog for types.
	testsql.Run(t, s.Pool, `
create function public.naive(value pg_catalog.text) returns pg_catalog.int4
language plpgsql security definer set search_path = '' as $$
declare
  copy text := value;
begin
  return pg_catalog.length(copy);
end $$;
grant execute on function public.naive(pg_catalog.text) to public`)

	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin")
	testsql.Run(t, i, shadowTypes)
	if shadows := testsql.Value[int](t, s.Pool, `
select count(*) from pg_catalog.pg_type as t join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
 where n.nspname like 'pg_temp%' and t.typtype = 'd'`); shadows < 50 {
		t.Fatalf("only %d types are shadowed", shadows)
	}
	testsql.Run(t, i, "select public.naive($1)", "anything")
	i.mustCatch(t, "a type of pg_temp in a function with an empty search_path")

	callAll(t, s, i)
	i.mustNotCatch(t, "a type in pg_temp")
}

func TestShadowedRelationRunsNothing(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive(value pg_catalog.text) returns boolean
language plpgsql security definer as $$
begin
  return exists (select from pg_roles as r where r.rolname = value);
end $$;
grant execute on function public.naive(pg_catalog.text) to public`)

	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin")
	testsql.Run(t, i, shadowRelations)
	testsql.Run(t, i, "select public.naive($1)", "postern_owner")
	i.mustCatch(t, "a relation of pg_temp in a function without search_path")

	callAll(t, s, i)
	i.mustNotCatch(t, "a relation in pg_temp")
}

func TestShadowedFunctionOrOperatorRunsNothing(t *testing.T) {
	s := newScene(t, alice)
	testsql.Run(t, s.Pool, `
create function public.naive(value pg_catalog.text) returns boolean
language plpgsql security definer as $$
begin
  return lower(value) is null;
end $$;
create function public.naive_operator(value pg_catalog.text) returns boolean
language plpgsql security definer as $$
begin
  return value = 'x'::pg_catalog.text;
end $$;
grant execute on all functions in schema public to public`)

	i := intrude(t, s.Database, "postern_trusted_app", "postern_admin")
	testsql.Run(t, i, shadowFunctions)
	testsql.Run(t, i, shadowOperators)
	for what, least := range map[string]int{
		"select count(*) from pg_catalog.pg_proc as p where p.proowner = $1::pg_catalog.regrole and p.proname not like 'shadow%'": 200,
		"select count(*) from pg_catalog.pg_operator as p where p.oprowner = $1::pg_catalog.regrole":                              200,
	} {
		if shadows := testsql.Value[int](t, s.Pool, what, i.Config().User); shadows < least {
			t.Fatalf("the intruder planted only %d shadows by %s", shadows, what)
		}
	}
	testsql.Run(t, i, "set search_path = public, pg_temp, pg_catalog")
	testsql.Run(t, i, "select public.naive($1)", "anything")
	i.mustCatch(t, "a function of public in a function without search_path")
	testsql.Run(t, i, "select public.naive_operator($1)", "anything")
	i.mustCatch(t, "an operator of public in a function without search_path")

	callAll(t, s, i)
	i.mustNotCatch(t, "a function or operator in public")
}

// A cast could shadow as well, but its creator must own one of its types.
func TestCastsBetweenBuiltInTypesCannotBePlanted(t *testing.T) {
	i := intrude(t, testdb.New(t), "postern_trusted_app", "postern_admin")
	testsql.Run(t, i, "create function public.planted(text) returns jsonb language sql return '{}'::jsonb")
	if _, err := i.Exec(t.Context(), "create cast (text as jsonb) with function public.planted(text) as assignment"); testdb.Code(err) != "42501" {
		t.Fatalf("creating the cast: got %v, want 42501", err)
	}
}

// callAll passes a gate, changes a PIN, and then calls every function of the public schemas, surrounded by the
// intruder's shadows.
func callAll(t *testing.T, s *scene, i intruder) {
	t.Helper()
	ticket := approve(t, i.Conn, alice, approveGate, invoice)
	tx := begin(t, i.Conn, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, invoice)
	reach(t, tx, releaseGate, "{}")
	commit(t, tx)
	if got := status(t, i.Conn, alice, ticket); got != "used" {
		t.Fatalf("the ticket is %s", got)
	}
	ticket = approve(t, i.Conn, alice, pinGate, "{}")
	tx = begin(t, i.Conn, alice)
	open(t, tx, ticket)
	testsql.Run(t, tx, "select postern.set_pin($1)", "another 7391 pin")
	commit(t, tx)
	s.givePIN(t, alice, pins[alice])

	for _, relation := range []string{"gate", "setting", "scheme", "session_key", "user_account"} {
		testsql.Run(t, i, "select * from postern."+relation)
	}
	for _, f := range publicFunctions(t, s.Pool) {
		tx := begin(t, i.Conn, alice)
		if _, err := tx.Exec(t.Context(), f.call(), f.samples()...); err != nil && !expected(err) {
			t.Errorf("%s: got %v, want a result or an expected error", f.signature, err)
		}
		rollback(t, tx)
	}
}

// expected reports whether an error is one of Postern's, or PostgreSQL's about a table that the caller may not change.
// The functions behind protect_company and protect_ledger leave that check to PostgreSQL.
func expected(err error) bool {
	code := testdb.Code(err)
	return strings.HasPrefix(code, "PS") || code == "42501" || code == "23514"
}

// function is a function of the public schemas.
type function struct {
	signature  string
	name       string
	procedure  bool
	parameters []string
}

func publicFunctions(t testing.TB, q testsql.Querier) []function {
	t.Helper()
	rows, err := q.Query(t.Context(), `
select p.oid::pg_catalog.regprocedure::text, format('%I.%I', n.nspname, p.proname), p.prokind = 'p',
       array(select pg_catalog.format_type(a.type, null) from unnest(p.proargtypes) with ordinality as a (type, position) order by a.position)
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and n.nspname <> 'postern_internal'
   and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
 order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f function, err error) {
		return f, row.Scan(&f.signature, &f.name, &f.procedure, &f.parameters)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(functions) < 40 {
		t.Fatalf("only %d functions were found", len(functions))
	}
	return functions
}

// call is a statement with a parameter for each argument.
func (f function) call() string {
	arguments := make([]string, len(f.parameters))
	for n, parameter := range f.parameters {
		arguments[n] = fmt.Sprintf("$%d::pg_catalog.text::%s", n+1, qualified(parameter))
	}
	verb := "select"
	if f.procedure {
		verb = "call"
	}
	return fmt.Sprintf("%s %s(%s)", verb, f.name, strings.Join(arguments, ", "))
}

// qualified keeps the test itself out of the traps.
func qualified(name string) string {
	switch name {
	case "timestamp with time zone":
		return "pg_catalog.timestamptz"
	case "boolean":
		return "pg_catalog.bool"
	case "bigint":
		return "pg_catalog.int8"
	case "integer":
		return "pg_catalog.int4"
	case "bigint[]":
		return "pg_catalog.int8[]"
	case "double precision[]":
		return "pg_catalog.float8[]"
	}
	return "pg_catalog." + name
}

// samples are well-formed arguments, with which each function gets some way.
func (f function) samples() []any {
	arguments := make([]any, len(f.parameters))
	for n, parameter := range f.parameters {
		switch parameter {
		case "boolean":
			arguments[n] = "true"
		case "jsonb":
			arguments[n] = invoice
		case "uuid":
			arguments[n] = "00000000-0000-0000-0000-000000000000"
		case "numeric", "bigint", "integer", "oid":
			arguments[n] = "1"
		case "timestamp with time zone":
			arguments[n] = "2026-01-01 00:00:00+00"
		case "regclass":
			arguments[n] = "pg_catalog.pg_class"
		case "regclass[]":
			arguments[n] = "{pg_catalog.pg_class}"
		case "regtype[]":
			arguments[n] = "{pg_catalog.text}"
		case "text[]":
			arguments[n] = "{A}"
		case "bigint[]", "double precision[]", "oid[]", "xid8[]":
			arguments[n] = "{1}"
		case "bytea[]":
			arguments[n] = "{" + strings.Repeat("k", 32) + "}"
		case "interval":
			arguments[n] = "0"
		case "xid8":
			arguments[n] = "1"
		case "pg_snapshot":
			arguments[n] = "1:1:"
		case "regprocedure":
			arguments[n] = "pg_catalog.lower(pg_catalog.text)"
		case "bytea":
			arguments[n] = strings.Repeat("k", 32)
		case "text", "name":
			switch {
			case n == 0 && (strings.Contains(f.name, "gate") || strings.Contains(f.name, "checkpoint") || strings.HasSuffix(f.name, "challenge")):
				arguments[n] = approveGate
			case n == 0 && (strings.Contains(f.name, "message") || strings.Contains(f.name, "attribute")):
				arguments[n] = "!M\n$A=1"
			default:
				arguments[n] = alice
			}
		case "name[]":
			arguments[n] = "{A}"
		default:
			panic("no sample for type " + parameter)
		}
	}
	return arguments
}

// askedByPolicies are the mirrored views, and the functions that policies and guards on tables of the application call.
// Everybody may use them, so that a role that is not in postern_user gets an error that says so. Nobody else can name
// them, because that takes USAGE on their schema. Those that reveal somebody's companies begin with current_userid,
// which refuses strangers.
const askedByPolicies = `'postern.current_companies()', 'postern.current_userid()', 'postern.require_user_role()', 'postern.guard_stops(text)', 'postern.reach_guard(text,jsonb)',
 'postern.ledger_map()', 'postern.ledger_map_size()', 'postern.ledger_bounds()', 'postern.ledger_shifts()', 'postern.ledger_companies()',
 'postern.internal_ledger_map()', 'postern.internal_ledger_offsets()', 'postern.ledger_key_is_valid(regclass)',
 'postern.company_is_indexed(regclass)', 'postern.current_company_numbers()', 'postern.current_company_uuids()', 'postern.has_new_combinations()',
 'postern.is_new_combination_allowed(text,numeric)', 'postern.is_new_keyed_combination_allowed(numeric)',
 'postern.is_new_ledger_combination_allowed(text,text,numeric)',
 'postern.user_finance_auth_pub', 'postern.company_finance_auth_pub', 'postern.company_finance_auth', 'postern.company_finance_auth1'`

func TestEveryObjectIsPinnedOwnedAndCommented(t *testing.T) {
	database := testdb.New(t)
	const schemas = `(select n.oid from pg_catalog.pg_namespace as n where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner')`
	// pg_temp alone means the same: pg_catalog comes first if it is not named.
	const isPinned = `proconfig && array['search_path=pg_catalog, pg_temp', 'search_path=pg_temp']`
	for name, rule := range map[string]struct {
		objects string
		breach  string
	}{
		"a function with its owner's rights has a safe search_path": {
			`select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc as p where p.pronamespace in ` + schemas + `
			    and p.prosecdef and not coalesce(p.` + isPinned + `, false)`,
			"create function postern.broken() returns integer language plpgsql security definer set search_path = '' as 'begin return 1; end'",
		},
		"a function whose text is parsed by the caller, and that the caller may call, has a safe search_path": {
			`select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc as p
			  where p.pronamespace in ` + schemas + ` and p.pronamespace <> 'postern_internal'::pg_catalog.regnamespace
			    and p.prosqlbody is null and not coalesce(p.` + isPinned + `, false)`,
			"create function postern.broken() returns integer language sql as 'select 1'",
		},
		"nobody gets anything through PUBLIC but what policies ask": {
			`select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc as p,
			        pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
			  where p.pronamespace in ` + schemas + ` and a.grantee = 0 and p.oid::pg_catalog.regprocedure::text not in (` + askedByPolicies + `)
			 union all
			 select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c, pg_catalog.aclexplode(c.relacl) as a
			  where c.relnamespace in ` + schemas + ` and a.grantee = 0 and c.oid::pg_catalog.regclass::text not in (` + askedByPolicies + `)
			 union all
			 select n.nspname from pg_catalog.pg_namespace as n, pg_catalog.aclexplode(n.nspacl) as a
			  where n.oid in ` + schemas + ` and a.grantee = 0`,
			"create function postern.broken() returns integer language sql return 1",
		},
		"postern_owner owns everything, but what is to run without rights": {
			`select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc as p
			  where p.pronamespace in ` + schemas + `
			    and p.proowner <> case when p.oid = 'postern_internal.run_event_function(text, jsonb)'::pg_catalog.regprocedure
			                           then 'postern_event_function'::pg_catalog.regrole else 'postern_owner'::pg_catalog.regrole end
			 union all
			 select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c
			  where c.relnamespace in ` + schemas + ` and c.relowner <> 'postern_owner'::pg_catalog.regrole
			 union all
			 select t.oid::pg_catalog.regtype::text from pg_catalog.pg_type as t
			  where t.typnamespace in ` + schemas + ` and t.typowner <> 'postern_owner'::pg_catalog.regrole`,
			"create table postern.broken ()",
		},
		"everything says what it is for": {
			`select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc as p
			  where p.pronamespace in ` + schemas + ` and pg_catalog.obj_description(p.oid, 'pg_proc') is null
			 union all
			 select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class as c
			  where c.relnamespace in ` + schemas + ` and c.relkind in ('r', 'v') and pg_catalog.obj_description(c.oid, 'pg_class') is null
			 union all
			 select t.oid::pg_catalog.regtype::text from pg_catalog.pg_type as t
			  where t.typnamespace in ` + schemas + ` and t.typtype in ('e', 'd') and pg_catalog.obj_description(t.oid, 'pg_type') is null
			 union all
			 select n.nspname from pg_catalog.pg_namespace as n
			  where n.oid in ` + schemas + ` and pg_catalog.obj_description(n.oid, 'pg_namespace') is null
			 union all
			 select g.tgname from pg_catalog.pg_trigger as g join pg_catalog.pg_class as c on c.oid = g.tgrelid
			  where c.relnamespace in ` + schemas + ` and not g.tgisinternal and g.tgparentid = 0 and pg_catalog.obj_description(g.oid, 'pg_trigger') is null`,
			"create view postern.broken as select 1 as one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, object := range testsql.Values[string](t, database.Pool, rule.objects) {
				t.Errorf("%s breaks this rule", object)
			}
			tx, err := database.Pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(context.Background())
			testsql.Run(t, tx, rule.breach)
			if len(testsql.Values[string](t, tx, rule.objects)) == 0 {
				t.Error("the rule overlooks what breaks it")
			}
		})
	}
}
