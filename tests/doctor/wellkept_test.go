package doctor_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/demo"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

func requireNothing(t *testing.T, q Querier) {
	t.Helper()
	for _, found := range findings(t, q) {
		t.Errorf("a false alarm: %+v", found)
	}
}

// requireNoneOfGates runs the command, which reads the calls of gates first.
func requireNoneOfGates(t *testing.T, connection *pgx.Conn) {
	t.Helper()
	found, _ := examine(t, connection)
	for _, one := range found {
		t.Errorf("a false alarm: %+v", one)
	}
}

func TestFreshInstallationHasNoFinding(t *testing.T) {
	database := testdb.New(t)
	requireNothing(t, database.Pool)
	requireNothing(t, database.Login(t, "postern_admin").Connect(t))
	requireNothing(t, database.Login(t, "postern_auditor").Connect(t))
	for _, role := range []string{"postern_user", "postern_trusted_app"} {
		Fails(t, database.Login(t, role).Connect(t), "42501", "select from postern.doctor")
	}
}

// On a managed server, the installing user is not a superuser.
func TestInstallationWithoutSuperuserHasNoFinding(t *testing.T) {
	testdb.New(t) // creates the roles
	database := testdb.Empty(t)
	installer := database.Login(t)
	Run(t, database.Pool, "alter role "+installer.Name+" createrole; grant create on database "+database.Name+" to "+installer.Name+"; create extension pgcrypto schema public")
	// The superuser has already created the roles, so this administrator gets the owning roles for a moment.
	const owners = "postern_owner, postern_event_function"
	Run(t, database.Pool, "grant "+owners+" to "+installer.Name)
	config, err := pgx.ParseConfig(installer.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := install.Install(t.Context(), config, install.Options{}); err != nil {
		t.Fatal(err)
	}
	Run(t, database.Pool, "revoke "+owners+" from "+installer.Name+"; grant postern_admin to "+installer.Name)
	requireNothing(t, installer.Connect(t))
}

func TestExtensionsBringNoFinding(t *testing.T) {
	database := testdb.New(t)
	available := Values[string](t, database.Pool, "select name from pg_catalog.pg_available_extensions order by name")
	made := 0
	for _, extension := range available {
		if _, err := database.Pool.Exec(t.Context(), "create extension if not exists "+pgx.Identifier{extension}.Sanitize()+" schema public cascade"); err == nil {
			made++
		} else if code := testdb.Code(err); code == "" || code == "42601" {
			t.Fatal(err)
		}
	}
	if made < 10 {
		t.Errorf("only %d of %v were made", made, available)
	}
	requireNothing(t, database.Pool)
	requireNoneOfGates(t, database.Connect(t))
}

// Everything that protection is for, done as it should be.
func TestWellKeptApplicationHasNoFinding(t *testing.T) {
	database := testdb.New(t)
	owner := database.Login(t, "postern_admin")
	database.Login(t, "postern_app")
	dba := database.Login(t)
	Run(t, database.Pool, "alter role "+owner.Name+" nologin; grant "+owner.Name+" to "+dba.Name)
	Run(t, database.Pool, `
create schema shop authorization `+owner.Name+`;
create schema "Shop's"" odd schema" authorization `+owner.Name+`;
select postern.create_company('10', 'Ten');
select postern.create_user('ANN', 'Ann');
select postern.reset_pin('ANN', '739154');
select postern.create_session_key('erp', decode(repeat('5e', 32), 'hex'));
`+gate+`
grant references on postern.posting_combination to `+owner.Name)
	for _, statements := range []string{`
create domain shop.firm as varchar(20);
create domain shop.house as shop.firm;
create table shop.voucher (voucher_id integer primary key, company text, amount integer);
create table shop.text_varchar (company varchar(20) collate "C", "Company" text);
create table shop.text_domain ("The company (of the group)" shop.house);
create table "Shop's"" odd schema"."a table; with E'a\ name" (company text);
create table shop.partitioned (company text not null, posting_combination_id bigint not null) partition by list (company);
create table shop.partition_10 partition of shop.partitioned for values in ('10') partition by range (posting_combination_id);
create table shop.partition_10_1 partition of shop.partition_10 default;
create table shop.entry (company text not null, posting_combination_id bigint not null);
create table shop.entry_integer (company varchar(20) not null, id integer not null);
create table shop.entry_numeric (company text, posting_combination_id numeric);
create table "Shop's"" odd schema"."an entry\(select" ("a 'company'" text not null, "an id::text" bigint not null);
create table shop.internal (company text, ledger_id text, posting_combination_id bigint);
create table shop.internal_domain (company shop.house, ledger_id varchar(20), posting_combination_id numeric);
create table shop.company_name (firm text, company_count integer);
create table shop.supplier ("The firm" varchar(20), supplier_id integer, primary key ("The firm", supplier_id));
create table shop.country (country text primary key);
create table shop.order_head (
  company text, order_id integer, part_of integer, supplier_id integer, country text,
  primary key (company, order_id),
  foreign key (country) references shop.country on delete restrict,
  foreign key (supplier_id, company) references shop.supplier (supplier_id, "The firm") on delete set null (supplier_id) on update cascade,
  foreign key (company, part_of) references shop.order_head on delete set default);
create table shop.order_line (company text default '10', order_id integer, foreign key (company, order_id) references shop.order_head on delete set default (order_id)) partition by list (company);
create table shop.order_line_10 partition of shop.order_line default;
create table shop.open_line (country text references shop.country on delete cascade on update cascade)`, `
select postern.protect_company('shop.supplier', 'The firm');
select postern.protect_company('shop.order_head');
select postern.protect_company('shop.order_line');
select postern.protect_company('shop.voucher');
select postern.protect_company('shop.text_varchar');
select postern.protect_company('shop.text_domain', 'The company (of the group)');
select postern.protect_company('"Shop''s"" odd schema"."a table; with E''a\ name"');
select postern.protect_ledger('shop.partitioned');
select postern.protect_ledger('shop.entry');
select postern.protect_ledger('shop.entry_integer', 'company', 'id');
select postern.protect_ledger('shop.entry_numeric');
select postern.protect_ledger('"Shop''s"" odd schema"."an entry\(select"', 'a ''company''', 'an id::text');
select postern.protect_ledger('shop.internal', ledger_column => 'ledger_id');
select postern.protect_ledger('shop.internal_domain', ledger_column => 'ledger_id');
alter table shop.partitioned add foreign key (company, posting_combination_id) references postern.posting_combination;
alter table shop.entry add foreign key (company, posting_combination_id) references postern.posting_combination;
alter table shop.entry_integer add foreign key (company, id) references postern.posting_combination;
alter table "Shop's"" odd schema"."an entry\(select" add foreign key ("a 'company'", "an id::text") references postern.posting_combination`, `
create policy own on shop.voucher as restrictive using (amount < 100 and voucher_id > (select count(*) from shop.text_varchar));
create table shop.own (company text, owner name);
alter table shop.own enable row level security;
create policy own on shop.own using (owner = current_user and company in (select a.company from postern.user_finance_auth_pub as a where a.userid = (select postern.current_userid())));
create view shop.voucher_total with (security_invoker = true) as select company, sum(amount) as amount from shop.voucher group by company;
create view shop.total with (security_invoker = on) as select * from shop.voucher_total;
create view shop.other as select 1 as one;
create materialized view shop.report as select company, sum(amount) as amount from shop.voucher group by company with no data;
revoke all on shop.report from public;
create materialized view shop.calendar as select current_date as day;
create function shop.pinned() returns integer security definer set search_path = '' language plpgsql as 'begin return 1; end';
create function shop.bound() returns bigint security definer return (select count(*) from shop.own);
create function shop.invoker() returns integer language plpgsql as 'begin return 1; end';
create temporary table scratch (company text);
grant usage on schema shop to postern_user;
grant select, insert, update, delete on all tables in schema shop to postern_user;
revoke all on shop.report from postern_user`} {
		connection := database.Connect(t)
		Run(t, connection, "set role "+owner.Name)
		Run(t, connection, statements)
	}
	Run(t, database.Pool, "create function shop.approve() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_APPROVE'); end $$")
	requireNoneOfGates(t, database.Login(t, "postern_auditor").Connect(t))
	requireNoneOfGates(t, database.Connect(t))
	requireNothing(t, database.Pool)
	requireNothing(t, database.Login(t, "postern_auditor").Connect(t))

	// Settings that change how the server prints conditions, and tables that were protected under them.
	for name, value := range map[string]string{
		"quote_all_identifiers": "on", "datestyle": "German", "intervalstyle": "iso_8601", "extra_float_digits": "-15", "bytea_output": "escape",
	} {
		Run(t, database.Pool, "alter database "+database.Name+" set "+name+" = '"+value+"'")
	}
	requireNothing(t, database.Connect(t))
	requireNoneOfGates(t, database.Connect(t))
	again := database.Connect(t)
	Run(t, again, "set role "+owner.Name)
	Run(t, again, "select postern.unprotect('shop.text_varchar'), postern.unprotect('shop.entry'), postern.unprotect('shop.internal')")
	Run(t, again, "select postern.protect_company('shop.text_varchar'), postern.protect_ledger('shop.entry'), postern.protect_ledger('shop.internal', ledger_column => 'ledger_id')")
	Run(t, database.Pool, "select postern.register_gate('SHOP_DELETE', 'Delete', 'Deleted', active => true)")
	Run(t, again, "select postern.protect_gate('shop.company_name', 'SHOP_DELETE', '{delete}')")
	requireNoneOfGates(t, database.Connect(t))
	requireNothing(t, database.Connect(t))
	Run(t, database.Pool, "alter database "+database.Name+" reset all")
	requireNothing(t, database.Connect(t))
	requireNoneOfGates(t, database.Connect(t))
}

func TestDemoHasNoFinding(t *testing.T) {
	server := testdb.Server(t)
	t.Setenv("POSTERN_TEST_DATABASE_URL", server.URL)
	t.Setenv("POSTERN_TEST_SERVER", "url")
	t.Setenv("TMPDIR", t.TempDir())
	before, err := pgx.Connect(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close(t.Context())
	databases := func() []string {
		return Values[string](t, before, "select datname::text from pg_catalog.pg_database where datname like 'erp\\_%'")
	}
	others := databases()
	var out bytes.Buffer
	if err := demo.Run(t.Context(), demo.Options{Out: &out, Installer: cli.RunOn, Keep: true}); err != nil {
		t.Fatalf("the demo fails: %v\n%s", err, &out)
	}
	made := slices.DeleteFunc(databases(), func(name string) bool { return slices.Contains(others, name) })
	if len(made) != 1 {
		t.Fatalf("the demo made %v", made)
	}
	defer func() {
		Run(t, before, "drop database "+made[0]+" with (force)")
		Run(t, before, "drop role invoicing_"+strings.TrimPrefix(made[0], "erp_"))
	}()
	config := before.Config().Copy()
	config.Database = made[0]
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	requireNothing(t, connection)
	requireNoneOfGates(t, connection)
}

func TestOldMinorReleasesListTheirCVEs(t *testing.T) {
	pool := testdb.New(t).Pool
	for version, want := range map[int][]string{
		150002: {"CVE-2023-2454", "CVE-2023-2455", "CVE-2023-39418", "CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		150003: {"CVE-2023-39418", "CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		150004: {"CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		150009: {"CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		150014: {"CVE-2026-14666", "CVE-2026-120154"},
		150019: {"CVE-2026-120154"},
		150020: {},
		160004: {"CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		160005: {"CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		160010: {"CVE-2026-14666", "CVE-2026-120154"},
		160015: {"CVE-2026-120154"},
		160016: {},
		170000: {"CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		170001: {"CVE-2025-8713", "CVE-2026-14666", "CVE-2026-120154"},
		170006: {"CVE-2026-14666", "CVE-2026-120154"},
		170011: {"CVE-2026-120154"},
		170012: {},
		180000: {"CVE-2026-14666", "CVE-2026-120154"},
		180006: {"CVE-2026-120154"},
		180007: {},
		190000: {},
	} {
		got := Values[string](t, pool, "select cve from postern.row_security_holes($1) order by pg_catalog.length(cve), cve collate \"C\"", version)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("version %d has %v, want %v", version, got, want)
		}
	}
	// The result of the check, whatever server this runs on.
	for version, want := range map[int][]string{
		150008: {"error server Install PostgreSQL 15.20 or a later minor release, and restart. PostgreSQL 15.8 has: CVE-2024-10976 ("},
		150018: {"error server Install PostgreSQL 15.20 or a later minor release, and restart. PostgreSQL 15.18 has: CVE-2026-120154 ("},
		150020: {},
		170001: {"error server Install PostgreSQL 17.12 or a later minor release, and restart. PostgreSQL 17.1 has: CVE-2025-8713 ("},
		190000: {},
	} {
		got := Values[string](t, pool, "select pg_catalog.concat_ws(' ', level, object, fix, detail) from postern.server_finding($1)", version)
		if len(got) != len(want) || len(got) == 1 && !strings.HasPrefix(got[0], want[0]) {
			t.Errorf("of %d it says %q, want %q", version, got, want)
		}
	}
	// The check uses the version of this server.
	same := Value[bool](t, pool, `
select (select pg_catalog.array_agg(v.detail) from postern_internal.server_version as v)
       is not distinct from
       (select pg_catalog.array_agg(f.detail) from postern.server_finding(pg_catalog.current_setting('server_version_num')::integer) as f)`)
	if !same {
		t.Error("the check says something else of this server than of its version")
	}
}

// These look like faults but are none: a false alarm is a bug too.
func TestHarmlessObjectsBringNoFinding(t *testing.T) {
	s := newScene(t, "voucher", "other")
	for name, seed := range map[string]string{
		"a function of the table's owner":             voucher + "alter table shop.{table} owner to {group};" + company + "create function shop.total() returns bigint security definer set search_path = '' language sql as 'select count(*) from shop.voucher'; alter function shop.total() owner to {group}",
		"a superuser's function for superusers":       voucher + company + "create function shop.total() returns bigint security definer set search_path = '' language sql as 'select count(*) from shop.voucher'; revoke all on function shop.total() from public",
		"a superuser's function that names it":        voucher + company + "create function shop.total() returns text security definer set search_path = '' language plpgsql as $$ declare voucher text; begin /* select from shop.voucher */ select 'shop.voucher'::text into voucher; -- from shop.voucher\n return voucher; end $$",
		"another table of that name":                  voucher + company + "create table {schema}.voucher (id integer); create function shop.total() returns bigint security definer set search_path = '' language sql as 'select count(*) from \"other schema\".voucher'",
		"a function that runs as its caller":          voucher + company + "create function shop.total() returns bigint language sql as 'select count(*) from shop.voucher'",
		"an index over a superuser's function":        voucher + company + "create function shop.plain(text) returns text immutable language plpgsql as 'begin return lower($1); end'; create index on shop.voucher (shop.plain(company))",
		"an index over an expression with a name":     voucher + "create function shop.plain(text) returns text immutable return lower($1); alter function shop.plain(text) owner to {group}; create index on shop.voucher (shop.plain(company), lower(company));" + company,
		"an owner's default and trigger":              voucher + "create function shop.next() returns integer language plpgsql as 'begin return 1; end'; create function shop.note() returns trigger language plpgsql as 'begin return new; end'; alter function shop.next() owner to {group}; alter function shop.note() owner to {group}; alter table shop.voucher owner to {group}, alter amount set default shop.next(); create trigger note before insert on shop.voucher for each row execute function shop.note();" + company,
		"a foreign table for its owner":               "create extension file_fdw schema public; create server files foreign data wrapper file_fdw; create foreign table shop.archive (company text) server files options (filename '/dev/null')",
		"a foreign table without companies":           "create extension file_fdw schema public; create server files foreign data wrapper file_fdw; create foreign table shop.country (country text) server files options (filename '/dev/null'); grant select on shop.country to public",
		"a publication of other tables":               voucher + company + "create table shop.country (id integer); create publication countries for table shop.country; create publication others for tables in schema {schema}; create publication nothing",
		"settings as they are meant":                  "alter role {application} set session_replication_role = 'local'; alter role {application} set exit_on_error = off; alter database {database} set row_security = on; alter role {person} set exit_on_error = on",
		"auto_explain that is not loaded":             "alter database {database} set auto_explain.log_min_duration = 0; alter database {database} set auto_explain.log_verbose = on",
		"auto_explain of what is slow":                "alter database {database} set session_preload_libraries = 'auto_explain'; alter database {database} set auto_explain.log_min_duration = '5s'; alter database {database} set auto_explain.log_parameter_max_length = 0",
		"auto_explain that samples nothing":           "alter database {database} set session_preload_libraries = 'auto_explain'; alter database {database} set auto_explain.log_min_duration = 0; alter database {database} set auto_explain.log_verbose = on; alter database {database} set auto_explain.sample_rate = 0",
		"a flag and a date by the name":               "create table shop.voucher (company boolean); create table shop.other (company date); create table {schema}.voucher (company daterange)",
		"a group whose logins are users":              voucher + company + "grant postern_user to {person}; grant {group} to {person}; grant select on shop.voucher to {group}, postern_user, postern_admin, {application}",
		"users that can be told apart":                "select postern.create_user('LISA', 'Lisa'), postern.create_user('ILSA', 'Ilsa'), postern.create_user('RENÉE', 'Renée'), postern.create_user('RENEE', 'Renee'), postern.create_user('ИВАН', 'Ivan'), postern.create_user('IVAN', 'Ivan'), postern.create_user('USER10', 'One'), postern.create_user('USER11', 'Two'); select postern.create_user('ALICE', 'Alice'), postern.create_user('АLICE', 'Gone'); select postern.set_user_active('АLICE', false)",
		"a table that is closed on purpose":           "create table shop.secret (id integer); alter table shop.secret enable row level security",
		"an event that nobody waits for":              untold + "select postern.set_event_enabled('SECURITY_CHECKPOINT_SUCCESS', false)",
		"entries and deliveries of the last minutes":  "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); update postern_internal.event_action set queued_at = queued_at - interval '1 hour'; insert into postern_internal.event_delivery (event_action_id, log_id) select event_action_id, 1 from postern_internal.event_action",
		"a gate with a message full of percent signs": "select postern.register_gate('SHOP_PCT', 'Approve', '100 %% of %1$s &A&AB %s &A%', '{A,AB}'); create function shop.pct() returns void language plpgsql as $$ begin perform postern.checkpoint('SHOP_PCT'); end $$",
	} {
		t.Run(name, func(t *testing.T) {
			s := s.begin(t)
			Run(t, s.q, s.fill(seed))
			for _, found := range s.findings(t) {
				// The command reads which gates are called.
				if found.Code != "gates_unread" {
					t.Errorf("a false alarm: %+v", found)
				}
			}
		})
	}
	s.requireFindings(t)
}

// The server's own files and logical replication slots are not made here. The view is queried with other words in place
// of what the server says.
func TestServerFilesAndReplicationSlotsAreExamined(t *testing.T) {
	database := testdb.New(t)
	connection := database.Connect(t)
	Run(t, connection, "set search_path = postern_internal, pg_catalog")
	for _, f := range []struct{ view, from, to, want string }{
		{"session_setting", "pg_settings g", "(values ('exit_on_error', 'configuration file', 'on'), ('row_security', 'client', 'off')) g (name, source, reset_val)",
			"warn: alter database " + database.Name + " set exit_on_error = 'off';"},
		{"logical_replication", "pg_replication_slots s", "(values ('wal''2json', 'logical', current_database(), 'wal2json', false), ('sub', 'logical', current_database(), 'pgoutput', false), ('other', 'logical', 'postgres', 'wal2json', false), ('standby', 'physical', null, null, false), ('try', 'logical', current_database(), 'test_decoding', true)) s (slot_name, slot_type, database, plugin, temporary)",
			"error: select pg_drop_replication_slot('wal''2json');"},
		{"replication_role", "pg_roles r", "(values (8, 'rdsadmin', true, true, true), (9, 'replicator', true, false, true), (11, 'standby', false, false, true)) r (oid, rolname, rolcanlogin, rolsuper, rolreplication)",
			"warn: alter role replicator noreplication;"},
	} {
		definition := Value[string](t, database.Pool, "select pg_catalog.pg_get_viewdef(('postern_internal.' || $1)::pg_catalog.regclass)", f.view)
		replaced := strings.Replace(definition, f.from, f.to, 1)
		if replaced == definition {
			t.Fatalf("%s does not read %s:\n%s", f.view, f.from, definition)
		}
		got := Values[string](t, connection, "select level || ': ' || fix from ("+strings.TrimSuffix(replaced, ";")+") as x")
		if len(got) != 1 || got[0] != f.want {
			t.Errorf("%s finds %q, want %q", f.view, got, f.want)
		}
	}
}
