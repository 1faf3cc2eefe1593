package callgraph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/callgraph"
)

// What a function writes tells which tables need a guard.
func TestWritesAreThoseOfStatements(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	for name, c := range map[string]struct{ body, writes string }{
		"columns":       {"begin update app.t set x = 1, y = 2; insert into app.t (y) values (1); delete from app.t; end", "delete t; insert t (y); update t (x y)"},
		"all columns":   {"begin insert into app.t values (1); end", "insert t"},
		"a row":         {"begin update app.t set (x, y) = (select 1, 2); end", "update t (x y)"},
		"ON CONFLICT":   {"begin insert into app.t (x) values (1) on conflict (x) do update set y = 3; end", "insert t (x); update t (y)"},
		"MERGE":         {"begin merge into app.t using (values (1)) as v (x) on t.x = v.x when matched and t.y > 1 then delete when matched then update set y = 1 when not matched then insert (x) values (1); end", "delete t; insert t (x); update t (y)"},
		"a view":        {"begin update app.w set x = 1; end", "update t"},
		"only read":     {"begin perform x from app.t for update; truncate app.t; end", ""},
		"what it calls": {"begin perform app.other(); end", "delete t"},
		"dynamic":       {"begin execute 'update app.t set y = 1'; end", "update t (y)"},
		"by CTE":        {"begin with w as (delete from app.t returning x) insert into app.u (x) select x from w; end", "delete t; insert u (x)"},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, `
create table app.t (x integer primary key, y integer);
create table app.u (x integer);
create view app.w as select x from app.t;
create function app.other() returns void language sql as 'delete from app.t';
create function app.fire() returns trigger language plpgsql as $$ begin insert into app.u values (1); return new; end $$;
create trigger fire before insert on app.t for each row execute function app.fire();
`+plpgsql(strings.Replace(c.body, "begin", "begin perform postern.checkpoint('GATE_A');", 1)))
			got := []string{}
			for _, writer := range graph.Writers(graph.Callers()) {
				for _, write := range writer.Writes {
					line := write.Operation + " " + write.Table
					if write.Columns != nil {
						line += " (" + strings.Join(write.Columns, " ") + ")"
					}
					got = append(got, line)
				}
			}
			if got := strings.Join(got, "; "); got != c.writes {
				t.Errorf("written is %q, want %q", got, c.writes)
			}
		})
	}
}

// A function is behind a gate if each way to it is.
func TestWritersAreThoseWithAGateOnEachWay(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	const (
		write     = "create function app.write() returns void language plpgsql as $$ begin insert into app.t values (1); end $$;"
		middle    = "create function app.middle() returns void language sql as 'select app.write()';"
		gated     = "create function app.gated() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); perform app.middle(); end $$;"
		acting    = "create function app.acting() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform app.middle(); end $$;"
		both      = "create function app.both() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform postern.checkpoint('GATE_B'); perform app.middle(); end $$;"
		any       = "create function app.any(gate text) returns void language plpgsql as $$ begin perform postern.checkpoint(gate); perform app.middle(); end $$;"
		free      = "create function app.free() returns void language plpgsql as $$ begin perform app.%s(); end $$;"
		fire      = "create function app.fire() returns trigger language plpgsql as $$ begin perform app.middle(); return null; end $$; create table app.u (x integer);"
		same      = "create function app.same(a integer, b integer) returns boolean language sql as 'select app.middle(); select true'; create operator app.=== (leftarg = integer, rightarg = integer, function = app.same);"
		gatedSame = "create function app.gated() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); perform 1 operator(app.===) 2; end $$;"
		deep      = write + middle + gated
	)
	definer := func(names ...string) (statements string) {
		for _, name := range names {
			statements += fmt.Sprintf("alter function app.%s() security definer;", name)
		}
		return statements
	}
	otherwise := func(name string) string { return fmt.Sprintf(free, name) }
	for name, c := range map[string]struct{ setup, writers string }{
		"two calls below":              {deep, "write: GATE_A"},
		"three calls below":            {deep + "create function app.top() returns void language sql as 'select app.gated()';", "write: GATE_A"},
		"no gate above":                {write + middle + gateA, ""},
		"also without a gate":          {deep + otherwise("write"), ""},
		"the middle without a gate":    {deep + otherwise("middle"), ""},
		"the gated one from outside":   {deep + otherwise("gated"), "write: GATE_A"},
		"far outside":                  {deep + otherwise("middle") + "create function app.far() returns void language sql as 'select app.free()';", ""},
		"outside, then another gate":   {deep + "create function app.far() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_B'); perform app.free(); end $$;" + otherwise("middle"), "write: GATE_A GATE_B"},
		"outside by EXECUTE":           {deep + plpgsql("begin execute 'select app.middle()'; end"), ""},
		"outside by a default":         {deep + "create function app.value(x text default app.middle()::text) returns integer language sql as 'select 1';", ""},
		"by an operator":               {write + middle + same + gatedSame, "write: GATE_A"},
		"outside by an operator":       {write + middle + same + gatedSame + plpgsql("declare b boolean; begin b := 1 operator(app.===) 2; end"), ""},
		"a name in a comment":          {deep + "create function app.far() returns void language sql as 'select /* app.middle() */';", "write: GATE_A"},
		"in a circle":                  {deep + "create or replace function app.middle() returns void language sql as 'select app.again(), app.write()'; create function app.again() returns void language sql as 'select app.middle()';", "write: GATE_A"},
		"an action":                    {write + middle + acting, "write: (Approve)"},
		"gate and action":              {deep + acting, "write: GATE_A (Approve)"},
		"a gate in an action":          {write + middle + both, "write: GATE_B"},
		"a computed gate":              {write + middle + any, "write:"},
		"a computed gate and another":  {deep + any, "write: GATE_A"},
		"a trigger runs for everybody": {write + middle + fire + "create trigger fire after insert on app.u execute function app.fire(); create function app.gated() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); insert into app.u values (1); end $$;", "gated: GATE_A"},
		"a trigger and a function":     {deep + fire + "create trigger fire after insert on app.u execute function app.fire();", ""},
		"a trigger function, not used": {deep + fire, ""},
		"a trigger of a view":          {write + middle + fire + "create view app.v as select x from app.u; create trigger fire instead of insert on app.v for each row execute function app.fire(); create function app.gated() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); insert into app.v values (1); end $$;", "write: GATE_A"},
		"a view from outside":          {write + middle + fire + "create view app.v as select x from app.u; create trigger fire instead of insert on app.v for each row execute function app.fire(); create function app.gated() returns void language plpgsql as $$ begin perform postern.checkpoint('GATE_A'); insert into app.v values (1); end $$;" + plpgsql("begin insert into app.v values (2); end"), ""},
		"a default of a column":        {deep + "create function app.number() returns integer language sql as 'select app.middle(); select 1'; create table app.n (x integer default app.number());", ""},
		"a check":                      {deep + "create function app.number() returns integer language sql as 'select app.middle(); select 1'; create table app.n (x integer check (x < app.number()));", ""},
		"a rule of a table":            {deep + "create table app.n (x integer); create rule go as on insert to app.n do also select app.middle();", ""},
		"rights of the owner":          {deep + definer("write", "middle", "gated"), "write: GATE_A by middle() write()"},
		"rights of a gated function":   {deep + definer("gated"), "write: GATE_A"},
		"rights above the gate":        {deep + "create function app.top() returns void language sql security definer as 'select app.gated()';", "write: GATE_A"},
		"a view that reads":            {deep + "create view app.n as select app.middle()::text as y;", ""},
	} {
		t.Run(name, func(t *testing.T) {
			graph := read(t, connection, "create table app.t (x integer);"+c.setup)
			if got := writers(graph); got != c.writers {
				t.Errorf("writers are %q, want %q", got, c.writers)
			}
		})
	}
}

// writers describes the functions that write behind gates: their gates, in parentheses their actions, and
// the functions that lend them rights.
func writers(graph *callgraph.Graph) string {
	lines := []string{}
	for _, writer := range graph.Writers(graph.Callers()) {
		name := strings.TrimPrefix(strings.TrimSuffix(writer.Node.Name, "()"), "app.")
		line := name + ": " + strings.Join(writer.Gates, " ")
		if len(writer.Actions) > 0 {
			line = strings.TrimSuffix(line, " ") + " (" + strings.Join(writer.Actions, " ") + ")"
		}
		if len(writer.Definers) > 0 {
			line += " by " + strings.ReplaceAll(strings.Join(writer.Definers, " "), "app.", "")
		}
		lines = append(lines, strings.TrimSuffix(line, " "))
	}
	return strings.Join(lines, "; ")
}

// In a large application hundreds of gates and actions may be above one function.
func TestGatesAboveAWriterAreLimited(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	const write = "create table app.t (x integer); create function app.write() returns void language sql as 'insert into app.t values (1)';"
	many := func(number int, statement string) string {
		var all strings.Builder
		for index := range number {
			fmt.Fprintf(&all, "create function app.f%[1]d() returns void language plpgsql as $$ begin perform "+statement+"; perform app.write(); end $$;", index)
		}
		return all.String()
	}
	for _, c := range []struct {
		setup          string
		writers        int
		gates, actions int
	}{
		{many(15, "postern.checkpoint('GATE_%[1]d')"), 1, 10, 0},
		{many(100, "postern.begin_action('Action%[1]d')"), 1, 0, 100},
		{many(101, "postern.begin_action('Action%[1]d')"), 0, 0, 0},
	} {
		graph := read(t, connection, write+c.setup)
		found := graph.Writers(graph.Callers())
		if len(found) != c.writers {
			t.Fatalf("%d writers, want %d", len(found), c.writers)
		}
		if c.writers > 0 && (len(found[0].Gates) != c.gates || len(found[0].Actions) != c.actions) {
			t.Errorf("%d gates and %d actions, want %d and %d", len(found[0].Gates), len(found[0].Actions), c.gates, c.actions)
		}
	}
}
