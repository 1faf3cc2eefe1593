package callgraph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Each function also runs with an active gate. The search must say of its handlers what they then do.
func TestSwallowedGatesAreThoseThatLetTheTransactionGoOn(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user('ALICE', 'Alice'), postern.register_gate('GATE_A', 'A', 'A', active => true)")
	login := database.Login(t, "postern_trusted_app")
	connection := database.Connect(t)
	const call = "\nperform app.a();"
	for name, c := range map[string]struct {
		body      string
		swallowed string // line, block: gates
	}{
		"no handler":           {"begin" + call + " end", ""},
		"others":               {"begin" + call + "\nexception when others then null; end", "2, 1: GATE_A"},
		"others with a name":   {"begin" + call + "\nexception when unique_violation or others then null; end", "2, 1: GATE_A"},
		"the code":             {"begin" + call + "\nexception when sqlstate 'PS101' then return; end", "2, 1: GATE_A"},
		"the class":            {"begin" + call + "\nexception when sqlstate 'PS000' then null; end", "2, 1: GATE_A"},
		"another code":         {"begin" + call + "\nexception when sqlstate 'PS102' then null; end", ""},
		"raise_exception":      {"begin" + call + "\nexception when raise_exception then null; end", ""},
		"a class":              {"begin" + call + "\nexception when plpgsql_error or invalid_authorization_specification then null; end", ""},
		"raised again":         {"begin" + call + "\nexception when others then raise; end", ""},
		"raised after work":    {"begin" + call + "\nexception when others then raise notice 'x'; raise; end", ""},
		"raised before others": {"begin" + call + "\nexception when sqlstate 'PS101' then raise; when others then null; end", ""},
		"others first":         {"begin" + call + "\nexception when others then null; when sqlstate 'PS101' then raise; end", "2, 1: GATE_A"},
		"raised in an IF":      {"begin" + call + "\nexception when others then if sqlstate = 'PS101' then raise; end if; end", ""},
		"raised for others":    {"begin" + call + "\nexception when others then if sqlstate <> 'PS101' then raise; end if; end", "2, 1: GATE_A"},
		"left before":          {"begin" + call + "\nexception when others then if true then return; end if; raise; end", "2, 1: GATE_A"},
		"loop left before":     {"begin loop begin" + call + "\nexception when others then exit; raise; end; end loop; end", "2, 1: GATE_A"},
		"a warning":            {"begin" + call + "\nexception when others then raise warning '%', sqlerrm; end", "2, 1: GATE_A"},
		"inner block":          {"begin\nbegin" + call + "\nexception when others then null; end; end", "3, 2: GATE_A"},
		"outer block":          {"begin\nbegin" + call + "\nexception when division_by_zero then null; end;\nexception when others then null; end", "3, 1: GATE_A"},
		"let through, caught":  {"begin\nbegin" + call + "\nexception when others then raise; end;\nexception when others then null; end", "3, 1: GATE_A"},
		"in the handler":       {"begin\nperform 1 / 0;\nexception when others then perform app.a(); end", ""},
		"behind the block":     {"begin begin null; exception when others then null; end;" + call + " end", ""},
		"in a loop":            {"begin\nfor i in 1 .. 2 loop if i > 0 then" + call + "\nend if; end loop;\nexception when others then null; end", "3, 1: GATE_A"},
		"in a condition":       {"begin\nif app.a() > 0 then null; end if;\nexception when others then null; end", "2, 1: GATE_A"},
		"in a declaration":     {"begin\ndeclare\n  x integer := app.a();\nbegin\n  x := 1;\nend;\nexception when others then null; end", "3, 1: GATE_A"},
		"own declaration":      {"declare\n  x integer := app.a();\nbegin\n  x := 1;\nexception when others then null; end", ""},
		"dynamic":              {"begin\nexecute 'select app.a()';\nexception when others then null; end", "2, 1: GATE_A"},
		"directly":             {"begin\nperform postern.checkpoint('GATE_A');\nexception when others then null; end", "2, 1: GATE_A"},
		"two calls deep":       {"begin\nperform app.b();\nexception when others then null; end", "2, 1: GATE_A"},
		"by a trigger":         {"begin\ninsert into app.t values (1);\nexception when others then null; end", "2, 1: GATE_A"},
		"a word in a string":   {"begin" + call + " perform 'exception when others then null'; end", ""},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, gateA+`
create table app.t (x integer);
create function app.b() returns integer language sql as 'select app.a()';
create function app.fire() returns trigger language plpgsql as $$ begin perform app.b(); return new; end $$;
create trigger fire before insert on app.t for each row execute function app.fire();
grant usage on schema app to public; grant insert on app.t to public;`+plpgsql(c.body))
			if got := describe(graph.Swallowed()); got != c.swallowed {
				t.Errorf("swallowed are %q, want %q", got, c.swallowed)
			}
			entry, err := graph.Find(t.Context(), connection, "app.entry")
			if err != nil {
				t.Fatal(err)
			}
			if reached := graph.Reach(entry); describe(reached.Swallowed) != c.swallowed || !slices.Equal(reached.Gates, []string{"GATE_A"}) {
				t.Errorf("reached are %q, and swallowed %q", reached.Gates, describe(reached.Swallowed))
			}

			person := login.Connect(t)
			testsql.Run(t, person, "begin; select postern.assume_user('ALICE')")
			_, err = person.Exec(t.Context(), "select app.entry()")
			if went := err == nil; went != (c.swallowed != "") {
				t.Errorf("run, it says: %v", err)
			}
			if err != nil {
				testdb.RequireCode(t, err, "PS101")
			}
		})
	}
}

func describe(places []callgraph.Swallowed) string {
	lines := []string{}
	for _, place := range places {
		line := fmt.Sprintf("%d, %d: %s", place.Line, place.Block, strings.Join(place.Gates, " "))
		if place.Guard {
			line += " (guard)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// What a handler swallows is the error of a guard. Run, the function goes on, and nothing is written.
func TestSwallowedGuardsAreThoseWhoseWriteIsUndone(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, "select postern.create_user('ALICE', 'Alice'), postern.register_gate('GATE_A', 'A', 'A', active => true), postern.register_gate('GATE_G', 'G', 'G', active => true)")
	login := database.Login(t, "postern_trusted_app")
	connection := database.Connect(t)
	const handler = "\nexception when others then null; end"
	for name, c := range map[string]struct {
		body      string
		swallowed string
		reached   string
	}{
		"guarded column":          {"begin\nupdate app.t set x = 2;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"through a view":          {"begin\nupdate app.w set x = 2;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"through a trigger":       {"begin\ninsert into app.u values (1);" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"a partition":             {"begin\nupdate app.p set x = 2;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"by MERGE":                {"begin\nmerge into app.t using (values (1)) as v (x) on t.x = v.x when matched then update set x = 2;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"by ON CONFLICT":          {"begin\ninsert into app.t values (1, 1) on conflict (x) do update set x = 2;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"by CTE":                  {"begin\nwith w as (update app.t set x = 2 returning 1) select 3 into y from w;" + handler, "2, 1: GATE_G (guard)", "GATE_G"},
		"another column":          {"begin\nupdate app.t set y = 2;" + handler, "", ""},
		"another by MERGE":        {"begin\nmerge into app.t using (values (1)) as v (x) on t.x = v.x when matched then update set y = 2;" + handler, "", ""},
		"another of a partition":  {"begin\nupdate app.p set y = 2;" + handler, "", ""},
		"another operation":       {"begin\ninsert into app.t values (7, 1);" + handler, "", ""},
		"let through":             {"begin\nupdate app.t set x = 2;\nexception when sqlstate 'PS101' then raise; when others then null; end", "", "GATE_G"},
		"with the gate":           {"begin\nperform postern.checkpoint('GATE_G'); update app.t set x = 2;" + handler, "2, 1: GATE_G; 2, 1: GATE_G (guard)", "GATE_G"},
		"gate and guard, deep":    {"begin\nperform app.both();" + handler, "2, 1: GATE_A; 2, 1: GATE_G (guard)", "GATE_A GATE_G"},
		"gate of the guard, deep": {"begin\nperform app.one();" + handler, "2, 1: GATE_G", "GATE_G"},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, `
create table app.t (x integer primary key, y integer);
insert into app.t values (1, 1);
create view app.w as select x, y from app.t;
create table app.u (x integer);
create table app.p (x integer, y integer) partition by list (y);
create table app.p1 partition of app.p default;
insert into app.p values (1, 1);
create function app.fire() returns trigger language plpgsql as $$ begin update app.t set x = 2; return new; end $$;
create trigger fire before insert on app.u for each row execute function app.fire();
create function app.both() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); update app.t set x = 2; end $$;
create function app.one() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_G'); update app.t set x = 2; end $$;
delete from postern.protected_table;
select postern.protect_gate('app.t', 'GATE_G', '{update}', '{x}'), postern.protect_gate('app.p', 'GATE_G', '{update}', '{x}');
grant usage on schema app to public; grant all on all tables in schema app to public;`+
				"create function app.entry() returns void language plpgsql as $body$ declare y integer; begin "+c.body+"; end $body$")
			if got := describe(graph.Swallowed()); got != c.swallowed {
				t.Errorf("swallowed are %q, want %q", got, c.swallowed)
			}
			entry, err := graph.Find(t.Context(), connection, "app.entry")
			if err != nil {
				t.Fatal(err)
			}
			if reached := graph.Reach(entry); describe(reached.Swallowed) != c.swallowed || strings.Join(reached.Gates, " ") != c.reached {
				t.Errorf("reached are %q, and swallowed %q", reached.Gates, describe(reached.Swallowed))
			}
			if !graph.Guarded() {
				t.Error("no guard is known")
			}

			person := login.Connect(t)
			testsql.Run(t, person, "begin; select postern.assume_user('ALICE')")
			_, err = person.Exec(t.Context(), "select app.entry()")
			if c.swallowed == "" && c.reached != "" {
				testdb.RequireCode(t, err, "PS101")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if written := testsql.Value[int](t, person, "select count(*) from (select x from app.t union all select x from app.p) as r where x = 2"); written != 0 {
				t.Errorf("%d rows were written", written)
			}
		})
	}
}

// A gate is late only if the write before it may have run when the gate is called.
func TestLateGatesAreThoseBehindAWrite(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	const (
		gate   = "\nperform postern.checkpoint('GATE_A');"
		insert = "\ninsert into app.t values (1);"
	)
	for name, c := range map[string]struct{ setup, late string }{
		"gate first":              {plpgsql("begin" + gate + insert + " end"), ""},
		"write first":             {plpgsql("begin" + insert + gate + " end"), "GATE_A 3 behind 2"},
		"the first write":         {plpgsql("begin\nupdate app.t set x = 1;" + insert + gate + " end"), "GATE_A 4 behind 2"},
		"two gates":               {plpgsql("begin" + gate + insert + gate + " end"), "GATE_A 4 behind 3"},
		"only read":               {plpgsql("begin\nperform x from app.t for update;" + gate + " end"), ""},
		"by WITH":                 {plpgsql("declare x integer; begin\nwith gone as (delete from app.t returning x) select count(x) from gone into x;" + gate + " end"), "GATE_A 3 behind 2"},
		"by a view":               {"create view app.w as select x from app.t;" + plpgsql("begin\ninsert into app.w values (1);"+gate+" end"), "GATE_A 3 behind 2"},
		"dynamic":                 {plpgsql("begin\nexecute 'delete from app.t';" + gate + " end"), "GATE_A 3 behind 2"},
		"a temporary table":       {plpgsql("begin\ncreate temporary table scratch (x integer); insert into scratch values (1);" + gate + " end"), ""},
		"another branch":          {plpgsql("begin\nif true then" + insert + "\nelse" + gate + "\nend if; end"), ""},
		"another WHEN":            {plpgsql("begin\ncase 1 when 1 then" + insert + "\nwhen 2 then" + gate + "\nend case; end"), ""},
		"one branch before":       {plpgsql("begin\nif true then" + insert + "\nend if;" + gate + " end"), "GATE_A 5 behind 3"},
		"branch that returns":     {plpgsql("begin\nif true then" + insert + "\nreturn; end if;" + gate + " end"), ""},
		"branch that fails":       {plpgsql("begin\nif true then" + insert + "\nraise exception 'no'; end if;" + gate + " end"), ""},
		"branch that warns":       {plpgsql("begin\nif true then" + insert + "\nraise warning 'no'; end if;" + gate + " end"), "GATE_A 5 behind 3"},
		"in a loop":               {plpgsql("begin\nfor i in 1 .. 2 loop" + insert + "\nend loop;" + gate + " end"), "GATE_A 5 behind 3"},
		"query of a loop":         {plpgsql("declare r record; begin\nfor r in delete from app.t returning x loop" + gate + " end loop; end"), "GATE_A 3 behind 2"},
		"undone before a handler": {plpgsql("begin\nbegin" + insert + "\nexception when division_by_zero then" + gate + "\nend; end"), ""},
		"behind a handler":        {plpgsql("begin\nbegin null;\nexception when division_by_zero then" + insert + "\nend;" + gate + " end"), "GATE_A 6 behind 4"},
		"SQL":                     {"create function app.entry() returns void language sql as $$ insert into app.t values (1); select postern.checkpoint('GATE_A') $$;", "GATE_A 0 behind 0"},
		"SQL, gate first":         {"create function app.entry() returns void language sql as $$ select postern.checkpoint('GATE_A'); insert into app.t values (1) $$;", ""},
		"SQL body":                {"create function app.entry() returns void language sql begin atomic insert into app.t values (1); select postern.checkpoint('GATE_A'); end;", "GATE_A 0 behind 0"},
		"SQL body, gate first":    {"create function app.entry() returns void language sql begin atomic select postern.checkpoint('GATE_A'); insert into app.t values (1); end;", ""},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, "create table app.t (x integer);"+c.setup)
			entry, err := graph.Find(t.Context(), connection, "app.entry")
			if err != nil {
				t.Fatal(err)
			}
			if gates := graph.Reach(entry).Gates; !slices.Equal(gates, []string{"GATE_A"}) {
				t.Errorf("the entry reaches %q, want GATE_A", gates)
			}
			late := []string{}
			for _, one := range entry.Late {
				late = append(late, fmt.Sprintf("%s %d behind %d", one.ID, one.Line, one.Write))
			}
			if got := strings.Join(late, "; "); got != c.late {
				t.Errorf("late are %q, want %q", got, c.late)
			}
		})
	}
}

// A place in a large application may lead to hundreds of gates.
func TestSwallowedGatesAreCountedBehindTheFirst(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for number := range 25 {
		fmt.Fprintf(&all, "perform postern.checkpoint('GATE_%02d'); ", number)
	}
	graph := read(t, connect(t), "create function app.many() returns void language plpgsql as $$ begin "+all.String()+"end $$;"+
		plpgsql("begin perform app.many(); exception when others then null; end"))
	found := graph.Swallowed()
	if len(found) != 1 || len(found[0].Gates) != 10 || found[0].Gates[9] != "GATE_09" || found[0].More != 15 {
		t.Errorf("the swallowed gates are %+v, want one place with 10 of 25", found)
	}
}
