package message_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// everything writes and reads a message in every way. Its result must depend only on its text.
const everything = `
do $everything$
declare
  message pg_catalog.text := message_sys.construct('SECURITY_CHECKPOINT');
begin
  call message_sys.add_attribute(message, 'TEXT', 'I i $ = ' || pg_catalog.chr(10) || '- ä');
  call message_sys.add_attribute(message, 'NUMBER', 1234567.890);
  call message_sys.add_attribute(message, 'BOOLEAN', true);
  call message_sys.add_attribute(message, 'TIME', pg_catalog.to_timestamp(1795311184.123456));
  call message_sys.set_attribute(message, 'BOOLEAN', false);
  call message_sys.set_attribute(message, 'GONE', 'x');
  call message_sys.remove_attribute(message, 'GONE');
  call message_sys.add_attribute(message, 'PARAMETERS', postern.jsonb_to_message('PARAMETERS', '{"A": true, "B": 0.10, "C": null}'));
  perform pg_catalog.set_config('test.message', message, false);
  perform pg_catalog.set_config('test.object', postern.message_to_jsonb(message)::pg_catalog.text, false);
end
$everything$`

const (
	everythingMessage = "!SECURITY_CHECKPOINT\n$TEXT=I i $ = \n-- ä\n$NUMBER=1234567.890\n$BOOLEAN=FALSE\n" +
		"$TIME=2026-11-22T01:33:04.123456Z\n$PARAMETERS=!PARAMETERS\n-$A=TRUE\n-$B=0.10\n-$C="
	everythingObject = `{"TEXT": "I i $ = \n- ä", "TIME": "2026-11-22T01:33:04.123456Z", "NUMBER": "1234567.890", "BOOLEAN": "FALSE", ` +
		`"PARAMETERS": {"A": "TRUE", "B": "0.10", "C": ""}}`
)

func requireEverything(t *testing.T, connection *pgx.Conn) {
	t.Helper()
	execute(t, connection, everything)
	if got := requireText(t, connection, "select pg_catalog.current_setting('test.message')"); got != everythingMessage {
		t.Errorf("the message is %q, want %q", got, everythingMessage)
	}
	if got := requireText(t, connection, "select pg_catalog.current_setting('test.object')"); got != everythingObject {
		t.Errorf("the object is %s, want %s", got, everythingObject)
	}
}

func TestSettingsOfTheCallerChangeNothing(t *testing.T) {
	user := testdb.New(t).Login(t, "postern_user")
	for _, settings := range [][]string{
		{},
		{"datestyle = 'German, DMY'", "timezone = 'Asia/Kolkata'"},
		{"datestyle = 'SQL, MDY'", "timezone = 'America/St_Johns'", "intervalstyle = 'sql_standard'"},
		{"datestyle = 'Postgres, YMD'", "timezone = '<-05>5'", "intervalstyle = 'iso_8601'"},
		{"bytea_output = 'escape'", "extra_float_digits = -15", "xmloption = 'document'", "backslash_quote = off"},
		{"standard_conforming_strings = off", "escape_string_warning = off", "array_nulls = off", "transform_null_equals = on"},
		{"lc_time = 'C'", "lc_numeric = 'C'", "quote_all_identifiers = on", "plpgsql.variable_conflict = 'use_column'"},
		{"jit_above_cost = 0", "work_mem = '64kB'", "enable_hashagg = off", "default_transaction_read_only = on"},
	} {
		connection := user.Connect(t)
		for _, setting := range settings {
			testsql.Set(t, connection, setting)
		}
		requireEverything(t, connection)
	}
}

func TestParallelWorkersReadMessages(t *testing.T) {
	connection := connect(t)
	execute(t, connection, `
		select pg_catalog.set_config(s.name, 'on', false)
		  from pg_catalog.pg_settings as s
		 where s.name in ('force_parallel_mode', 'debug_parallel_query')`)
	query := `
		select postern.message_to_jsonb(pg_catalog.concat('!', n.nspname, pg_catalog.chr(10), $1::text))::text
		  from pg_catalog.pg_namespace as n
		 where n.nspname = 'postern'`
	rows, err := connection.Query(context.Background(), "explain "+query, "$P=!P\n-$A")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !strings.Contains(plan[0], "Gather") {
		t.Fatalf("plan %q, %v: no worker runs this", plan, err)
	}
	// A malformed nested message is where an exception would have to be caught.
	if got := requireText(t, connection, query, "$P=!P\n-$A\n$Q=!Q"); got != `{"P": "!P\n$A", "Q": {}}` {
		t.Errorf("the workers read %s", got)
	}
}

func TestFunctionsOfTheCallerAreNotUsed(t *testing.T) {
	database := testdb.New(t)
	user := database.Login(t, "postern_user")
	name := pgx.Identifier{user.Name}.Sanitize()
	execute(t, database.Connect(t), "create schema attacker authorization "+name)

	connection := user.Connect(t)
	for _, statement := range []string{
		"create function attacker.replace(text, text, text) returns text language sql return $1",
		"create function attacker.strpos(text, text) returns integer language sql return 0",
		"create function attacker.jsonb_object(text[]) returns jsonb language sql return '{}'::pg_catalog.jsonb",
		"create function attacker.upper(text) returns text language sql return 'TRUE'",
		"create function attacker.matches(text, text) returns boolean language sql return true",
		"create operator attacker.~ (leftarg = text, rightarg = text, function = attacker.matches)",
		"create operator attacker.!~ (leftarg = text, rightarg = text, function = attacker.matches)",
		"create domain pg_temp.text as pg_catalog.text check (false)",
		"create domain pg_temp.jsonb as pg_catalog.jsonb check (false)",
		"set search_path = pg_temp, attacker, pg_catalog",
	} {
		execute(t, connection, statement)
	}

	// The attack is real: in this session, an unqualified call of these functions calls the attacker's.
	if got := requireText(t, connection, "select replace('a', 'a', 'b')"); got != "a" {
		t.Fatalf("the session's own replace gave %q", got)
	}
	if err := connection.QueryRow(context.Background(), "select 'x'::text").Scan(new(string)); err == nil {
		t.Fatal("the session's own type text took a value")
	}
	requireEverything(t, connection)
}

func TestCollationOfTheArgumentChangesNothing(t *testing.T) {
	database := testdb.New(t)
	connection, superuser := database.Login(t, "postern_user").Connect(t), database.Connect(t)
	collations := []string{`pg_catalog."C"`, `pg_catalog."POSIX"`, `pg_catalog."default"`}
	if requireText(t, superuser, "select pg_catalog.count(*)::text from pg_catalog.pg_collation where collprovider = 'i'") != "0" {
		execute(t, superuser, "create schema collations")
		execute(t, superuser, "create collation collations.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
		execute(t, superuser, "grant usage on schema collations to public")
		collations = append(collations, "collations.caseless")
	}
	for _, collation := range collations {
		if got := requireText(t, connection, "select postern.message_to_jsonb($1 collate "+collation+")::text", "!M\n$A=!A\n-$B=\n$a=!A\n+"); got != `{"A": {"B": ""}, "a": "!A"}` {
			t.Errorf("with collation %s, the object is %s", collation, got)
		}
		if got := requireText(t, connection, "call message_sys.set_attribute($1 collate "+collation+", 'a' collate "+collation+", '1' collate "+collation+")", "!M\n$A=2"); got != "!M\n$A=2\n$a=1" {
			t.Errorf("with collation %s, set_attribute returns %q", collation, got)
		}
		if got := requireText(t, connection, "select message_sys.find_attribute($1 collate "+collation+", 'a', 'x')", "!M\n$A=2"); got != "x" {
			t.Errorf("with collation %s, find_attribute returns %q, want x", collation, got)
		}
		if got := requireText(t, connection, "select postern.jsonb_to_message('m' collate "+collation+", '{\"A\": \"\\n\", \"a\": true}')"); got != "!m\n$A=\n-\n$a=TRUE" {
			t.Errorf("%s: message %q", collation, got)
		}
		_, err := text(t, connection, "select message_sys.get_name($1 collate "+collation+")", "!M\n$A=1\nx")
		requireError(t, err)
	}
}
