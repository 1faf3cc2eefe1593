// Package callgraph tests what the search finds in the catalogs of a real server.
package callgraph

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/testdb"
)

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), testdb.New(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

// read replaces the business code in the schema app, and reads the catalogs.
func read(t *testing.T, connection *pgx.Conn, setup string) *callgraph.Graph {
	t.Helper()
	_, err := connection.Exec(t.Context(), `
set client_min_messages = warning;
set check_function_bodies = off;
drop schema if exists app, other, "My App" cascade;
create schema app;`+setup)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := callgraph.Read(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	return graph
}

// plpgsql is a function app.entry with this body.
func plpgsql(body string) string {
	return "create function app.entry() returns void language plpgsql as $entry$ " + body + " $entry$;"
}

const gateA = "create function app.a() returns integer language sql as $$ select postern.checkpoint('GATE_A'); select 1 $$;"

// Each piece of code with the gates that it reaches, and what cannot be known about it.
func TestGatesOfEntry(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	table := "create table app.t (x integer);"
	trigger := func(fires string) string {
		return gateA + table + `
create function app.fire() returns trigger language plpgsql as $$ begin perform app.a(); return new; end $$;
create trigger fire ` + fires + ` on app.t for each statement execute function app.fire();`
	}
	for name, c := range map[string]struct{ setup, gates, unknown string }{
		"SQL function":        {gateA + "create function app.entry() returns integer language sql as 'select app.a()';", "GATE_A", ""},
		"SQL body":            {gateA + "create function app.entry() returns integer return app.a();", "GATE_A", ""},
		"SQL body atomic":     {gateA + "create function app.entry() returns integer begin atomic select 1; select app.a() + 1; end;", "GATE_A", ""},
		"gate in SQL body":    {"create function app.entry() returns void return security_sys.security_checkpoint('GATE_X');", "GATE_X", ""},
		"perform":             {gateA + plpgsql("begin perform app.a(); end"), "GATE_A", ""},
		"assignment":          {gateA + plpgsql("declare x integer; begin x := app.a(); end"), "GATE_A", ""},
		"subscript":           {gateA + plpgsql("declare x integer[]; begin x[app.a()] := 1; end"), "GATE_A", ""},
		"default of variable": {gateA + plpgsql("declare x integer default app.a(); begin end"), "GATE_A", ""},
		"condition":           {gateA + plpgsql("begin if 1 < app.a() then null; end if; end"), "GATE_A", ""},
		"loop":                {gateA + plpgsql("begin for i in 1 .. app.a() loop null; end loop; end"), "GATE_A", ""},
		"query of a loop":     {gateA + plpgsql("declare r record; begin for r in select app.a() loop null; end loop; end"), "GATE_A", ""},
		"cursor":              {gateA + plpgsql("declare c cursor for select app.a(); begin open c; end"), "GATE_A", ""},
		"raise":               {gateA + plpgsql("begin raise notice '%', app.a(); end"), "GATE_A", ""},
		"exception handler":   {gateA + plpgsql("begin null; exception when others then perform app.a(); end"), "GATE_A", ""},
		"return":              {gateA + "create function app.entry() returns integer language plpgsql as $$ begin return app.a(); end $$;", "GATE_A", ""},
		"return query":        {gateA + "create function app.entry() returns setof integer language plpgsql as $$ begin return query select app.a(); end $$;", "GATE_A", ""},
		"call": {gateA + "create procedure app.p(x integer, out y integer) language plpgsql as $$ begin y := app.a(); end $$;" +
			plpgsql("declare z integer; begin call app.p(1, z); end"), "GATE_A", ""},
		"procedure": {gateA + "create procedure app.entry(inout x integer) language plpgsql as $$ begin x := app.a(); commit; end $$;", "GATE_A", ""},
		"recursion": {gateA + "create function app.b() returns void language plpgsql as 'begin perform app.entry(); end';" +
			plpgsql("begin perform app.b(); perform app.a(); end"), "GATE_A", ""},

		"gate by position":   {plpgsql("begin perform postern.checkpoint('GATE_X', '{}'); end"), "GATE_X", ""},
		"gate by name":       {plpgsql("begin perform security_sys.security_checkpoint(msg => 'x', gate_id => 'GATE_X'); end"), "GATE_X", ""},
		"gate by old name":   {plpgsql("begin perform security_sys.security_checkpoint(gate_id := 'GATE_X'); end"), "GATE_X", ""},
		"gate with a cast":   {plpgsql("begin perform postern.checkpoint('GATE_X'::text); end"), "GATE_X", ""},
		"quoted identifiers": {plpgsql(`begin perform "security_sys"."security_checkpoint"('GATE_X'); end`), "GATE_X", ""},
		"capital letters":    {plpgsql("begin PERFORM Security_SYS.Security_Checkpoint('GATE_X'); end"), "GATE_X", ""},
		"escaped name":       {plpgsql(`begin perform postern.U&"\0063heckpoint"('GATE_X'); end`), "GATE_X", ""},
		"constant":           {plpgsql("declare gate constant text := 'GATE_X'; begin perform postern.checkpoint(gate); end"), "GATE_X", ""},
		"one of two":         {plpgsql("begin perform postern.checkpoint(case when now() > 'today' then 'GATE_X' else 'GATE_' || 'Y' end); end"), "GATE_X GATE_Y", ""},
		"dollars":            {plpgsql("begin perform postern.checkpoint($$GATE_X$$); end"), "GATE_X", ""},

		"comment":          {plpgsql("begin -- perform postern.checkpoint('GATE_X');\n /* perform postern.checkpoint('GATE_Y'); /* */ */ null; end"), "", ""},
		"string":           {plpgsql("begin raise notice 'perform postern.checkpoint(''GATE_X'')'; end"), "", ""},
		"comment in SQL":   {"create function app.entry() returns text language sql as $$ select 'postern.checkpoint(''GATE_X'')' -- postern.checkpoint('GATE_Y')\n $$;", "", ""},
		"name of a column": {table + plpgsql("declare checkpoint integer; begin select x into checkpoint from app.t; end"), "", ""},
		"another's":        {"create function app.checkpoint(text) returns void language sql as 'select 1';" + plpgsql("begin perform app.checkpoint('GATE_X'); end"), "", ""},

		"computed id":    {"create function app.entry(gate text) returns void language sql as 'select postern.checkpoint(gate)';", "", "the id of the gate is computed: postern.checkpoint(gate)"},
		"variable as id": {plpgsql("declare gate text := 'GATE_X';\nbegin\n perform postern.checkpoint(gate);\nend"), "", "line 3: the id of the gate is computed"},
		"half known":     {plpgsql("declare x text; begin perform postern.checkpoint('GATE_' || x); end"), "", "computed"},

		"dynamic constant":     {plpgsql("begin execute 'select postern.checkpoint(''GATE_X'')'; end"), "GATE_X", ""},
		"dynamic with value":   {gateA + plpgsql("declare x text; begin execute format('select app.a() where %L = %L', x, 'y'); end"), "GATE_A", ""},
		"dynamic quoted":       {gateA + plpgsql("declare x text; begin execute 'select app.a() where 1 = ' || quote_literal(x); end"), "GATE_A", ""},
		"dynamic format":       {gateA + plpgsql("begin execute format('select %1$I.%2$s() -- 100%%', 'app', 'a'); end"), "GATE_A", ""},
		"dynamic gate id":      {plpgsql("declare x text; begin execute format('select postern.checkpoint(%L)', x); end"), "", "the id of the gate is computed"},
		"dynamic in a loop":    {gateA + plpgsql("declare r record; begin for r in execute 'select app.a()' loop null; end loop; end"), "GATE_A", ""},
		"dynamic return":       {gateA + "create function app.entry() returns setof integer language plpgsql as $$ begin return query execute 'select app.a()'; end $$;", "GATE_A", ""},
		"dynamic cursor":       {gateA + plpgsql("declare c refcursor; begin open c for execute 'select app.a()'; end"), "GATE_A", ""},
		"dynamic using":        {gateA + plpgsql("begin execute 'select $1' using app.a(); end"), "GATE_A", ""},
		"dynamic put together": {plpgsql("declare x text; begin\nexecute 'select ' || x; end"), "", "line 2: a statement is put together: 'select ' || x"},
		"dynamic name":         {plpgsql("declare x text; begin execute format('select %I()', x); end"), "", "put together"},
		"DO":                   {plpgsql("begin execute 'do $do$ begin perform postern.checkpoint(''GATE_X''); end $do$'; end"), "", "a DO block"},
		"another language":     {"create function app.c() returns void language internal as 'now';" + plpgsql("begin perform app.c(); end"), "", ""},
		"unreadable":           {plpgsql("begin perform (; end"), "", "cannot be read"},

		"composite variable": {gateA + table + plpgsql("declare r app.t; s app.t%rowtype; t constant app.t = null; begin r.x := app.a(); s.x := 1; end"), "GATE_A", ""},
		"composite argument": {gateA + table + "create function app.entry(r app.t, inout y app.t) language plpgsql as $$ begin y.x := app.a(); end $$;", "GATE_A", ""},
		"returns table":      {gateA + "create function app.entry() returns table (y integer) language plpgsql as $$ begin y := app.a(); return next; end $$;", "GATE_A", ""},
		"body with dollars":  {gateA + plpgsql("begin perform $postern$x$postern$, app.a(); end"), "GATE_A", ""},

		"overload by number": {gateA + "create function app.o(x integer) returns void language sql as 'select 1'; create function app.o(x integer, y integer) returns integer language sql as 'select app.a()';" +
			plpgsql("begin perform app.o(1); end"), "", ""},
		"overload with default": {gateA + "create function app.o(x integer, y integer default 1) returns integer language sql as 'select app.a()';" + plpgsql("begin perform app.o(1); end"), "GATE_A", ""},
		"overload by name": {gateA + "create function app.o(x integer) returns void language sql as 'select 1'; create function app.o(z text) returns integer language sql as 'select app.a()';" +
			plpgsql("begin perform app.o(x => 1); end"), "", ""},
		"variadic":            {gateA + "create function app.v(variadic x integer[]) returns integer language sql as 'select app.a()';" + plpgsql("begin perform app.v(1, 2, 3); end"), "GATE_A", ""},
		"default of argument": {gateA + "create function app.o(x integer default app.a()) returns void language sql as 'select 1';" + plpgsql("begin perform app.o(); end"), "GATE_A", ""},
		"aggregate":           {gateA + "create function app.s(integer, integer) returns integer language sql as 'select app.a()'; create aggregate app.g(integer) (sfunc = app.s, stype = integer);" + plpgsql("begin perform app.g(1); end"), "GATE_A", ""},
		"operator":            {gateA + "create function app.s(integer, integer) returns integer language sql as 'select app.a()'; create operator app.### (leftarg = integer, rightarg = integer, function = app.s);" + plpgsql("declare x integer; begin x := 1 operator(app.###) 2; end"), "GATE_A", ""},

		"search_path of the function": {gateA + "create schema other; create function other.a() returns void language sql as 'select 1'; create function app.entry() returns void language plpgsql set search_path = other, app as 'begin perform a(); end';", "", ""},
		"search_path the other way":   {gateA + "create schema other; create function other.a() returns void language sql as 'select 1'; create function app.entry() returns void language plpgsql set search_path = app, other as 'begin perform a(); end';", "GATE_A", ""},
		"gate on the search_path":     {"create function app.entry() returns void language plpgsql set search_path = app, security_sys as $$ begin perform security_checkpoint('GATE_X'); end $$;", "GATE_X", ""},
		"gate on nobody's path":       {plpgsql("begin perform security_checkpoint('GATE_X'); end"), "GATE_X", ""},
		"quoted schema":               {`create schema "My App"; create function "My App"."A b"() returns void language sql as $$ select postern.checkpoint('GATE_X') $$; create function app.entry() returns void language plpgsql set search_path = "My App" as 'begin perform "A b"(); end';`, "GATE_X", ""},
		"the server's own":            {"create schema other; create function other.upper(text) returns void language sql as $$ select postern.checkpoint('GATE_X') $$;" + plpgsql("begin perform upper('x'); end"), "", ""},

		"trigger of INSERT":    {trigger("after insert") + plpgsql("begin insert into app.t values (1); end"), "GATE_A", ""},
		"not of UPDATE":        {trigger("after insert") + plpgsql("begin update app.t set x = 1; end"), "", ""},
		"not of SELECT":        {trigger("after insert or update or delete or truncate") + plpgsql("begin perform x from app.t; end"), "", ""},
		"trigger of UPDATE":    {trigger("before update") + plpgsql("begin update app.t set x = 1; end"), "GATE_A", ""},
		"trigger of DELETE":    {trigger("before delete") + plpgsql("begin delete from app.t; end"), "GATE_A", ""},
		"trigger of TRUNCATE":  {trigger("before truncate") + plpgsql("begin truncate app.t; end"), "GATE_A", ""},
		"trigger by MERGE":     {trigger("before delete") + plpgsql("begin merge into app.t using app.t as s on true when matched then delete; end"), "GATE_A", ""},
		"trigger by WITH":      {trigger("before delete") + plpgsql("begin with gone as (delete from app.t returning x) insert into app.u select x from gone; end"), "GATE_A", ""},
		"trigger by upsert":    {trigger("before update") + plpgsql("begin insert into app.t values (1) on conflict (x) do update set x = 2; end"), "GATE_A", ""},
		"trigger switched off": {trigger("after insert") + "alter table app.t disable trigger fire;" + plpgsql("begin insert into app.t values (1); end"), "", ""},
		"trigger's condition": {gateA + table + `create function app.nothing() returns trigger language plpgsql as $$ begin return null; end $$;
			create trigger fire after insert on app.t for each row when (app.a() > 0) execute function app.nothing();` + plpgsql("begin insert into app.t values (1); end"), "GATE_A", ""},
		"trigger of a partition": {gateA + `create table app.p (x integer) partition by range (x); create table app.p1 partition of app.p for values from (0) to (9);
			create function app.fire() returns trigger language plpgsql as $$ begin perform app.a(); return new; end $$;
			create trigger fire before insert on app.p1 for each row execute function app.fire();` + plpgsql("begin insert into app.p values (1); end"), "GATE_A", ""},
		"trigger by cascade": {gateA + `create table app.parent (x integer primary key); create table app.child (x integer references app.parent on delete cascade);
			create function app.fire() returns trigger language plpgsql as $$ begin perform app.a(); return old; end $$;
			create trigger fire before delete on app.child for each row execute function app.fire();` + plpgsql("begin delete from app.parent; end"), "GATE_A", ""},
		"INSTEAD OF": {gateA + table + `create view app.w as select x from app.t;
			create function app.fire() returns trigger language plpgsql as $$ begin perform app.a(); return new; end $$;
			create trigger fire instead of insert on app.w for each row execute function app.fire();` + plpgsql("begin insert into app.w values (1); end"), "GATE_A", ""},
		"through a view":    {trigger("after insert") + "create view app.w as select x from app.t;" + plpgsql("begin insert into app.w values (1); end"), "GATE_A", ""},
		"query of a view":   {gateA + table + "create view app.w as select app.a() as y, x from app.t;" + plpgsql("declare r record; begin for r in select y from app.w loop null; end loop; end"), "GATE_A", ""},
		"view of a view":    {gateA + "create view app.w as select app.a() as y; create view app.v as select y from app.w;" + "create function app.entry() returns integer language sql as 'select y from app.v';", "GATE_A", ""},
		"rule":              {gateA + table + "create rule r as on delete to app.t do also select app.a();" + plpgsql("begin delete from app.t; end"), "GATE_A", ""},
		"default of column": {gateA + "create table app.t (x integer default app.a());" + plpgsql("begin insert into app.t default values; end"), "GATE_A", ""},
		"check":             {gateA + "create table app.t (x integer check (x > app.a()));" + plpgsql("begin update app.t set x = 1; end"), "GATE_A", ""},
		"policy":            {gateA + table + "create policy p on app.t for select using (app.a() > 0);" + plpgsql("begin perform x from app.t; end"), "GATE_A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, c.setup)
			entry, err := graph.Find(t.Context(), connection, "app.entry")
			if err != nil {
				t.Fatal(err)
			}
			reached := graph.Reach(entry)
			if got := strings.Join(reached.Gates, " "); got != c.gates {
				t.Errorf("reached are %q, want %q", got, c.gates)
			}
			unknown := []string{}
			for _, node := range reached.Nodes {
				unknown = append(unknown, node.Unknown...)
			}
			if got := strings.Join(unknown, "; "); !strings.Contains(got, c.unknown) || (got != "") != (c.unknown != "") {
				t.Errorf("unknown is %q, want %q", got, c.unknown)
			}
		})
	}
}

func TestCallersAreFoundAnywhere(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	graph := read(t, connection, gateA+plpgsql("begin perform app.a(); perform postern.begin_action('Pay'); end")+`
create function app.computed(gate text) returns void language plpgsql as $$ begin
  perform postern.checkpoint(gate);
  perform postern.checkpoint('GATE_B');
end $$;
create function app.innocent() returns text language sql as $$ select 'checkpoint' $$;
create table app.t (x integer default app.a(), y text default postern.current_userid());
create view app.w as select 1 as y from postern.checkpoint('GATE_C')`)
	got := []string{}
	for _, node := range graph.Callers() {
		line := node.Name + ":"
		for _, gate := range node.Gates {
			if line += " "; gate.ID == "" {
				line += "computed"
			} else {
				line += gate.ID
			}
		}
		got = append(got, strings.Join(append([]string{line}, node.Actions...), " "))
	}
	want := []string{
		`SELECT on app.w: GATE_C`, `app.a(): GATE_A`, `app.computed(text): computed GATE_B`, `app.entry(): Pay`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the callers are %q, want %q", got, want)
	}
	for _, missing := range []string{"app.nothing", "app.a(text)", "app.a(nonsense)", "app.", ""} {
		if node, err := graph.Find(t.Context(), connection, missing); err == nil {
			t.Errorf("found %s for %q, want an error", node.Name, missing)
		}
	}
	if node, err := graph.Find(t.Context(), connection, "app.computed(text)"); err != nil || node.Name != "app.computed(text)" {
		t.Errorf("found %v for app.computed(text); error: %v", node, err)
	}
}
