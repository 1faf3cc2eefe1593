// Package hostile calls all that Postern offers to a role with values that nobody expects.
package hostile

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

//go:embed testdata/scene.sql
var scene string

// helpers are functions that protect_gate and protect_ledger call as their caller, after they have checked the
// arguments. Somebody who calls them directly may meet PostgreSQL's own errors.
var helpers = []string{
	"check_guard", "guard_body", "guard_columns", "guard_query", "put_guard", "put_guard_function", "warn_of_open_parents",
}

// function is one that a role may call.
type function struct {
	Name        string
	IsProcedure bool
	Names       []string
	Types       []string
}

// functionsOf returns those that a login may call, in all schemas of Postern.
func functionsOf(t *testing.T, database *testdb.Database, login string) []function {
	t.Helper()
	var functions []function
	document := testsql.Value[string](t, database.Pool, `
select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
         'Name', pg_catalog.format('%I.%I', n.nspname, p.proname), 'IsProcedure', p.prokind = 'p', 'Names', p.proargnames,
         'Types', array(select pg_catalog.format_type(a.type, null) from pg_catalog.unnest(p.proargtypes) with ordinality as a (type, position) order by a.position))
         order by n.nspname, p.proname, p.proargtypes)::text
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'postern_internal', 'public')
   and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype and pg_catalog.has_function_privilege($1, p.oid, 'execute')`, login)
	if err := json.Unmarshal([]byte(document), &functions); err != nil {
		t.Fatal(err)
	}
	return functions
}

// calls are calls of the function: with each hostile value among proper ones, and with some of all kinds.
func (f function) calls(t *testing.T, random *rand.Rand) []string {
	t.Helper()
	var arguments []argument
	for index, kind := range f.Types {
		if hostile[kind] == nil {
			t.Errorf("%s takes %s, of which no hostile values are known", f.Name, kind)
		}
		each := argument{kind: kind}
		if index < len(f.Names) {
			each.name = f.Names[index]
		}
		arguments = append(arguments, each)
	}
	proper := func() (values []string) {
		for _, each := range arguments {
			values = append(values, each.properValue(random))
		}
		return values
	}
	all := [][]string{proper()}
	for index, each := range arguments {
		for _, value := range each.hostileValues() {
			values := proper()
			values[index] = value
			all = append(all, values)
		}
	}
	for range 10 * max(0, len(arguments)-1) {
		values := proper()
		for index, each := range arguments {
			if choice := each.hostileValues(); random.IntN(2) == 0 {
				values[index] = choice[random.IntN(len(choice))]
			}
		}
		all = append(all, values)
	}
	verb := "select * from "
	if f.IsProcedure {
		verb = "call "
	}
	var calls []string
	for _, values := range all {
		calls = append(calls, verb+f.Name+"("+strings.Join(values, ", ")+")")
	}
	return calls
}

// attempt is what one role tries on one connection.
type attempt struct {
	connection *pgconn.PgConn
	// begin returns statements that begin the session in each transaction.
	begin func() string
	// problem says what is wrong with an error; empty for an error that may happen.
	problem func(*pgconn.PgError) string
	// unseen must be neither in a result nor in an error.
	unseen []string
	// codes counts the SQLSTATEs; 00000 is success.
	codes map[string]int
	// faults has the first call of each function and kind of fault, and what was wrong with it.
	faults map[string]string
}

func newAttempt(t *testing.T, login *testdb.Login, begin func() string, problem func(*pgconn.PgError) string, unseen []string) *attempt {
	t.Helper()
	return &attempt{login.Connect(t).PgConn(), begin, problem, unseen, map[string]int{}, map[string]string{}}
}

// run runs a statement in a transaction that is rolled back after its deferred triggers have run.
func (a *attempt) run(t *testing.T, of, statement string) {
	t.Helper()
	began := time.Now()
	results, err := a.connection.Exec(t.Context(), "begin; set local statement_timeout = '10s'; "+a.begin()+statement+"; set constraints all immediate").ReadAll()
	fault := func(kind, problem string, values ...any) {
		if a.faults[of+kind] == "" {
			a.faults[of+kind] = fmt.Sprintf("%.500s\n%s", statement, fmt.Sprintf(problem, values...))
		}
	}
	if elapsed := time.Since(began); elapsed > 5*time.Second {
		fault("slow", "takes %s", elapsed)
	}
	var seen strings.Builder
	refused := &pgconn.PgError{Code: "00000"}
	if err != nil {
		if !errors.As(err, &refused) {
			t.Fatalf("%.500s: %v", statement, err)
		}
		fmt.Fprint(&seen, refused.Message, refused.Detail, refused.Hint, refused.Where, refused.InternalQuery)
		if problem := a.problem(refused); problem != "" && !slices.Contains(helpers, strings.TrimPrefix(of, "postern.")) {
			fault(refused.Code, "%s: %s: %s\nDETAIL %s\nHINT %s\nCONTEXT %.500s", problem, refused.Code, refused.Message, refused.Detail, refused.Hint, refused.Where)
		}
	}
	a.codes[refused.Code]++
	for _, result := range results {
		for _, row := range result.Rows {
			for _, value := range row {
				seen.Write(value)
			}
		}
	}
	for _, secret := range a.unseen {
		if strings.Contains(seen.String(), secret) {
			fault("seen", "shows %s", secret)
		}
	}
	if _, err := a.connection.Exec(t.Context(), "rollback").ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// problemOf says what is wrong with an error. An error of Postern's own says what to do; of PostgreSQL's, only a missing
// privilege is no surprise.
func problemOf(err *pgconn.PgError) string {
	switch {
	case err.Routine != "exec_stmt_raise" && err.Code == "42501":
		return ""
	case err.Routine != "exec_stmt_raise":
		return "an error of PostgreSQL's"
	case !strings.HasPrefix(err.Code, "PS") && !slices.Contains([]string{"25001", "25006", "42501", "55000", "55P03"}, err.Code):
		return "a code that is not documented"
	case err.Message == "" || err.Hint == "":
		return "no help"
	}
	return ""
}

func TestHostileArguments(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, scene)
	secret := strings.Repeat("5d", 32)
	testsql.Run(t, database.Pool, "select postern.create_session_key('key', $1::text::bytea)", secret)
	signer, err := postern.NewSigner("key", []byte(secret), database.Name)
	if err != nil {
		t.Fatal(err)
	}
	secrets := testsql.Values[string](t, database.Pool, `
select hash from postern_internal.credential where hash is not null
union all select pg_catalog.encode(totp_secret, 'hex') from postern_internal.credential where totp_secret is not null
union all select pg_catalog.encode(secret, 'hex') from postern_internal.session_secret
union all select pg_catalog.encode(inner_pad, 'hex') from postern_internal.session_key
union all select pg_catalog.encode(secret, 'hex') from postern_internal.webhook_secret`)
	if len(secrets) != 7 {
		t.Fatalf("the scene has %d secrets", len(secrets))
	}
	ofOthers := append(slices.Clone(secrets), "KESTREL", "731731731") // what company B has
	nothing := func() string { return "" }
	for _, role := range []struct {
		name   string
		begin  func() string
		unseen []string
	}{
		{"", nothing, ofOthers},
		{"postern_user", nothing, ofOthers},
		{"postern_app", func() string {
			token, err := signer.Token("ALICE")
			if err != nil {
				t.Fatal(err)
			}
			return "select postern.begin_session('" + token + "'); "
		}, ofOthers},
		{"postern_trusted_app", func() string { return "select postern.assume_user('ALICE'); " }, ofOthers},
		{"postern_admin", nothing, secrets},
		{"postern_auditor", nothing, secrets},
		{"postern_sealer", nothing, secrets},
		{"postern_redactor", nothing, secrets},
		{"postern_event_worker", nothing, secrets},
	} {
		t.Run(role.name, func(t *testing.T) {
			var roles []string
			if role.name != "" {
				roles = append(roles, role.name)
			}
			login := database.Login(t, roles...)
			switch role.name {
			case "postern_user":
				testsql.Run(t, database.Pool, "select postern.set_user_db_role('ALICE', $1::name)", login.Name)
			case "postern_admin": // not a superuser, and yet somebody who has tables to protect
				testsql.Run(t, database.Pool, fmt.Sprintf("grant create on schema public to %[1]q; alter table public.own owner to %[1]q; alter table public.own_parted owner to %[1]q; alter table public.own_part owner to %[1]q", login.Name))
				defer testsql.Run(t, database.Pool, fmt.Sprintf("reassign owned by %q to current_user", login.Name))
			}
			tried := newAttempt(t, login, role.begin, problemOf, role.unseen)
			random := rand.New(rand.NewPCG(19, 6)) // the same calls each time
			for _, each := range functionsOf(t, database, login.Name) {
				for _, call := range each.calls(t, random) {
					tried.run(t, each.Name, call)
				}
			}
			relations := testsql.Values[string](t, database.Pool, `
select pg_catalog.format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'postern_internal')
   and c.relkind in ('r', 'p', 'v', 'm') and pg_catalog.has_table_privilege($1, c.oid, 'select')`, login.Name)
			for _, relation := range relations {
				tried.run(t, relation, "select * from "+relation)
			}
			t.Logf("what came of it: %v", tried.codes)
			if tried.codes["42501"] == 0 || len(role.name) > 0 && tried.codes["00000"] < 90 {
				t.Error("too little was tried")
			}
			for _, of := range slices.Sorted(maps.Keys(tried.faults)) {
				t.Error(tried.faults[of])
			}
		})
	}
}
