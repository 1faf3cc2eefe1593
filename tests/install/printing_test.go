package install_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
)

// otherSettings are the settings that anybody may change and that have a few values, each with its n-th value other
// than the current one; and settings that change how values and names are printed.
const otherSettings = `
select s.name, quote_literal(v.value)
  from pg_settings as s
 cross join lateral (
         select (array_agg(value))[$1] as value
           from unnest(case s.vartype when 'bool' then array['on', 'off'] else s.enumvals end) as value
          where value <> s.setting) as v
 where s.context = 'user' and s.vartype in ('bool', 'enum') and v.value is not null
   -- One ends each connection, one is for a superuser who mends a broken database, and many change how long a query
   -- takes.
   and s.name not in ('exit_on_error', 'ignore_system_indexes') and s.name !~ '^(transaction|enable|debug|log|force_parallel|client_min|synchronous)_'
   -- A bool that has no other value from 19 on.
   and (s.name <> 'standard_conforming_strings' or current_setting('server_version_num')::integer < 190000)
 union all
select *
  from (values ('datestyle', 'German'), ('timezone', '''Pacific/Kiritimati'''), ('extra_float_digits', '-15'), ('search_path', 'postern, postern_internal, public'),
               ('lc_monetary', '''C'''), ('lc_numeric', '''C'''), ('lc_time', '''C'''), ('client_encoding', 'LATIN1')) as o (name, value)`

// A role or a database may have any setting. The installation must be described alike under all of them.
func TestNoSettingIsADifference(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	role := database.Login(t)
	for round := 1; ; round++ {
		connection := database.plain()
		rows, err := connection.Query(t.Context(), otherSettings, round)
		if err != nil {
			t.Fatal(err)
		}
		type setting struct{ Name, Value string }
		settings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[setting])
		if err != nil {
			t.Fatal(err)
		}
		if round == 1 && (len(settings) < 30 || !slices.Contains(settings, setting{"quote_all_identifiers", "'on'"})) {
			t.Fatalf("only %d settings were found: %v", len(settings), settings)
		}
		if len(settings) == 8 {
			connection.Close(t.Context())
			break // no setting has so many values
		}
		for _, setting := range settings {
			if _, err := connection.Exec(t.Context(), fmt.Sprintf("alter role %s set %s = %s", role.Name, setting.Name, setting.Value)); err != nil {
				t.Errorf("round %d: change a setting: %v", round, err)
			}
		}
		connection.Close(t.Context())
		differences, err := install.Verify(t.Context(), configOf(t, role), install.VerifyOptions{})
		if err != nil {
			t.Fatalf("round %d: verify fails: %v", round, err)
		}
		for _, found := range differences {
			if found.Kind != "role" { // other tests change roles
				t.Errorf("round %d: verify finds %s\n%s", round, found.Title(), found.Diff)
			}
		}
	}
}

// If "a_b" sorts after "ab", lists of names must still be the same.
func TestNoLocaleIsADifference(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	name := database.Name + "_icu"
	database.run("create database " + name + " template template0 encoding UTF8 locale_provider icu icu_locale 'en-US'")
	t.Cleanup(func() {
		// Connects through another database than the one that is dropped.
		connection, err := pgx.Connect(context.Background(), database.URL)
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close(context.Background())
		if _, err := connection.Exec(context.Background(), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	config := database.config()
	config.Database = name
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	var sorts bool
	if err := connection.QueryRow(t.Context(), "select 'a_b' collate \"C\" < 'ab' and 'B' collate \"C\" < 'a' and 'a' < 'B'").Scan(&sorts); err != nil || !sorts {
		t.Fatalf("this locale sorts as C does: %v", err)
	}
	differences, err := install.Verify(t.Context(), config, install.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range differences {
		if found.Kind != "role" { // other tests change roles
			t.Errorf("verify finds %s\n%s", found.Title(), found.Diff)
		}
	}
}
