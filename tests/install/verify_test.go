package install_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/install"
)

// Each kind of drift, made by hand and found by name. All are in one database, because a verification takes half a
// second.
func TestVerifyFindsEveryKindOfDrift(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	outsider := database.Login(t).Name
	drifts := []struct {
		name   string
		change string
		find   string // change, kind and name
		diff   string // a part of the diff
	}{
		{
			name:   "changed function body",
			change: `create or replace function security_sys.security_checkpoint(gate_id text, msg text default null) returns void language plpgsql as 'begin end'`,
			find:   "changed: function security_sys.security_checkpoint(gate_id text, msg text)",
			diff:   "+AS $function$begin end$function$",
		},
		{
			name:   "search_path",
			change: `alter function postern.set_setting(text, text) set search_path = public`,
			find:   "changed: function postern.set_setting(",
			diff:   "+ SET search_path TO 'public'",
		},
		{
			name:   "search_path taken away",
			change: `alter function postern.cancel(text, text) reset search_path`,
			find:   "changed: function postern.cancel(",
			diff:   "- SET search_path TO 'pg_catalog', 'pg_temp'",
		},
		{
			name:   "SECURITY DEFINER",
			change: `alter function postern.authenticate(text, text, text, text, text) security invoker`,
			find:   "changed: function postern.authenticate(",
			diff:   "- SECURITY DEFINER",
		},
		{
			name:   "function owner",
			change: `alter function postern.set_pin(text) owner to ` + outsider,
			find:   "changed: function postern.set_pin(",
			diff:   "+owner: " + outsider,
		},
		{
			name:   "grant to everybody",
			change: `grant execute on function postern_internal.hash_pin to public`,
			find:   "extra: grant execute on function postern_internal.hash_pin(",
			diff:   "+grant execute to public",
		},
		{
			name:   "revoked grant",
			change: `revoke execute on function postern.open_gates(uuid) from postern_user`,
			find:   "missing: grant execute on function postern.open_gates(ticket uuid) to postern_user",
			diff:   "-grant execute to postern_user",
		},
		{
			name:   "missing function",
			change: `drop function fnd_session_api.get_fnd_user()`,
			find:   "missing: function fnd_session_api.get_fnd_user()",
			diff:   "-CREATE OR REPLACE FUNCTION fnd_session_api.get_fnd_user(",
		},
		{
			name:   "extra function",
			change: `create function security_sys.security_checkpoint(gate_id text, msg text, extra text) returns void language sql as ''`,
			find:   "extra: function security_sys.security_checkpoint(gate_id text, msg text, extra text)",
			diff:   "+CREATE OR REPLACE FUNCTION security_sys.security_checkpoint(",
		},
		{
			name:   "changed view",
			change: `alter view postern.checkpoint_log set (security_invoker = true)`,
			find:   "changed: view postern.checkpoint_log",
			diff:   "security_invoker=true",
		},
		{
			name:   "missing view",
			change: `drop view postern.setting`,
			find:   "missing: view postern.setting",
			diff:   "-owner: postern_owner",
		},
		{
			name:   "extra view",
			change: `create view postern.credential as select * from postern_internal.credential`,
			find:   "extra: view postern.credential",
			diff:   "+   FROM postern_internal.credential;",
		},
		{
			name:   "disabled trigger",
			change: `alter table postern_internal.checkpoint_entry disable trigger refuse_change`,
			find:   "changed: trigger refuse_change on postern_internal.checkpoint_entry",
			diff:   "+disabled",
		},
		{
			name:   "disabled trigger of the record",
			change: `alter table postern_internal.gate disable trigger administered_changed`,
			find:   "changed: trigger administered_changed on postern_internal.gate",
			diff:   "+disabled",
		},
		{
			name:   "trigger of the record that a replica silences",
			change: `alter table postern_internal.event enable trigger administered_changed`,
			find:   "changed: trigger administered_changed on postern_internal.event",
			diff:   "-enabled always",
		},
		{
			name:   "trigger of the record with another condition",
			change: `create or replace trigger administered_added after insert on postern_internal.company for each row when (false) execute function postern_internal.record_change('company', '', '{company}', '{}', '{}', '{}'); alter table postern_internal.company enable always trigger administered_added`,
			find:   "changed: trigger administered_added on postern_internal.company",
			diff:   "WHEN (false)",
		},
		{
			name:   "disabled trigger of the gate of the administration",
			change: `alter table postern_internal.unapproved_change disable trigger require_administrator`,
			find:   "changed: trigger require_administrator on postern_internal.unapproved_change",
			diff:   "-enabled always",
		},
		{
			name:   "missing trigger of the record",
			change: `drop trigger administered_removed on postern_internal.ledger`,
			find:   "missing: trigger administered_removed on postern_internal.ledger",
			diff:   "-enabled always",
		},
		{
			name:   "extra trigger",
			change: `create trigger thief after insert on postern_internal.gate for each row execute function suppress_redundant_updates_trigger()`,
			find:   "extra: trigger thief on postern_internal.gate",
			diff:   "+enabled",
		},
		{
			name:   "extra policy",
			change: `create policy open_door on postern_internal.credential for select to public using (true)`,
			find:   "extra: policy open_door on postern_internal.credential",
			diff:   "+using: true",
		},
		{
			name:   "row level security",
			change: `alter table postern_internal.credential enable row level security`,
			find:   "changed: table postern_internal.credential",
			diff:   "+row level security: enabled",
		},
		{
			name:   "extra rule",
			change: `create rule quiet as on insert to postern_internal.checkpoint_entry do instead nothing`,
			find:   "extra: rule quiet on postern_internal.checkpoint_entry",
			diff:   "+enabled",
		},
		{
			name:   "table grant",
			change: `grant select on postern_internal.credential to postern_user`,
			find:   "extra: grant select on table postern_internal.credential to postern_user",
			diff:   "+grant select to postern_user",
		},
		{
			name:   "column grant",
			change: `grant select (userid) on postern_internal.credential to postern_user`,
			find:   "extra: grant select (userid) on table postern_internal.credential to postern_user",
			diff:   "+grant select (userid) to postern_user",
		},
		{
			name:   "table owner",
			change: `alter table postern_internal.session_key owner to ` + outsider,
			find:   "changed: table postern_internal.session_key",
			diff:   "+owner: " + outsider,
		},
		{
			name:   "extra column",
			change: `alter table postern_internal.credential add column clear_text text`,
			find:   "changed: table postern_internal.credential",
			diff:   "+  clear_text text",
		},
		{
			name:   "column default",
			change: `alter table postern_internal.checkpoint_entry alter column logged_at set default now()`,
			find:   "changed: table postern_internal.checkpoint_entry",
			diff:   "+  logged_at timestamp with time zone not null default now()",
		},
		{
			name:   "missing index",
			change: `drop index postern_internal.event_delivery_finished`,
			find:   "missing: index postern_internal.event_delivery_finished",
			diff:   "-CREATE INDEX event_delivery_finished",
		},
		{
			name:   "extra constraint",
			change: `alter table postern_internal.credential add constraint never check (false) not valid`,
			find:   "extra: constraint never on postern_internal.credential",
			diff:   "+CHECK (false) NOT VALID",
		},
		{
			name: "foreign keys switched off",
			change: `alter table postern_internal.credential disable trigger all;
alter table postern_internal.credential enable always trigger administered_added, enable always trigger administered_changed,
  enable always trigger administered_removed, enable always trigger administered_truncated`,
			find: "changed: constraint credential_userid_fkey on postern_internal.credential",
			diff: "+trigger RI_FKey_check_ins on postern_internal.credential: disabled",
		},
		{
			name:   "child table",
			change: `create table public.child () inherits (postern_internal.credential)`,
			find:   "changed: table postern_internal.credential",
			diff:   "+inherited by: public.child",
		},
		{
			name:   "extra table",
			change: `create table postern_internal.notes (line text)`,
			find:   "extra: table postern_internal.notes",
			diff:   "+  line text",
		},
		{
			name:   "enum value",
			change: `alter type postern_internal.verdict add value 'bribed'`,
			find:   "changed: enum postern_internal.verdict",
			diff:   ", 'bribed'",
		},
		{
			name:   "schema grant",
			change: `grant usage on schema postern_internal to postern_app`,
			find:   "extra: grant usage on schema postern_internal to postern_app",
			diff:   "+grant usage to postern_app",
		},
		{
			name:   "schema owner",
			change: `alter schema security_sys owner to ` + outsider,
			find:   "changed: schema security_sys",
			diff:   "+owner: " + outsider,
		},
		{
			name:   "default privileges",
			change: `alter default privileges in schema postern_internal grant select on tables to ` + outsider,
			find:   "extra: default privileges for ",
			diff:   outsider + "=r/",
		},
		{
			name:   "default privileges of postern_owner",
			change: `alter default privileges for role postern_owner in schema postern_internal grant select on tables to ` + outsider,
			find:   "changed: role postern_owner",
			diff:   "+default privileges on tables in schema postern_internal: {" + outsider,
		},
		{
			name:   "operator",
			change: `create operator postern.=== (function = texteq, leftarg = text, rightarg = text)`,
			find:   "extra: operator postern.===(",
			diff:   "+present",
		},
		{
			name:   "comment",
			change: `comment on table postern_internal.credential is 'nothing to see here'`,
			find:   "changed: table postern_internal.credential",
			diff:   "+comment: nothing to see here",
		},
		{
			name:   "disabled trigger of a partition",
			change: `alter table ` + partition(0) + ` disable trigger refuse_change`,
			find:   "changed: trigger refuse_change on " + partition(0),
			diff:   "+disabled",
		},
		{
			name:   "missing trigger of a partition",
			change: `drop trigger refuse_change on ` + partition(1),
			find:   "missing: trigger refuse_change on " + partition(1),
			diff:   "-CREATE TRIGGER refuse_change",
		},
		{
			name:   "grant on a partition",
			change: `grant select on ` + partition(1) + ` to postern_auditor`,
			find:   "extra: grant select on table " + partition(1) + " to postern_auditor",
			diff:   "+grant select to postern_auditor",
		},
		{
			name:   "owner of a partition",
			change: `alter table ` + partition(2) + ` owner to ` + outsider,
			find:   "changed: table " + partition(2),
			diff:   "+owner: " + outsider,
		},
		{
			name: "a partition of half a month",
			change: `alter table postern_internal.checkpoint_entry detach partition ` + partition(3) + `;
alter table postern_internal.checkpoint_entry attach partition ` + partition(3) + ` for values from ('` + month(3).AddDate(0, 0, 15).Format(time.DateOnly) + `') to ('` + month(4).Format(time.DateOnly) + `')`,
			find: "changed: table " + partition(3),
			diff: "+partition: FOR VALUES FROM",
		},
		{
			name: "detached partition",
			change: `insert into postern_internal.checkpoint_entry_default (log_id, outcome, gate_id, userid, message, parameters, logged_at) overriding system value values (1, 'passed', 'X', 'X', 'X', '{}', '2001-02-03 04:05+00');
select postern.create_log_partitions();
alter table postern_internal.checkpoint_entry detach partition postern_internal.checkpoint_entry_2001_02`,
			find: "changed: table postern_internal.checkpoint_entry_2001_02",
			diff: "-inherits: postern_internal.checkpoint_entry",
		},
		{
			name:   "the detached partition's trigger, which was the log's",
			change: "select",
			find:   "missing: trigger check_redaction on postern_internal.checkpoint_entry_2001_02",
		},
		{
			name:   "what default privileges of postern_owner have granted on the new partition",
			change: "select 1",
			find:   "extra: grant select on table postern_internal.checkpoint_entry_2001_02 to " + outsider,
			diff:   "+grant select to " + outsider,
		},
		{
			name: "somebody's table as a partition",
			change: `create table public.alien (like postern_internal.checkpoint_entry including defaults);
alter table postern_internal.checkpoint_entry attach partition public.alien for values from ('2001-01-01') to ('2001-02-01')`,
			find: "changed: table postern_internal.checkpoint_entry",
			diff: "+inherited by: public.alien",
		},
		{
			name:   "sequence",
			change: `alter sequence postern_internal.event_action_event_action_id_seq increment 2`,
			find:   "changed: sequence postern_internal.event_action_event_action_id_seq",
			diff:   "increment 2",
		},
		{
			name:   "grant on a sequence",
			change: `grant usage on sequence postern_internal.log_number to postern_app`,
			find:   "extra: grant usage on sequence postern_internal.log_number to postern_app",
			diff:   "+grant usage to postern_app",
		},
		{
			name:   "extra sequence",
			change: `create sequence postern.numbers`,
			find:   "extra: sequence postern.numbers",
			diff:   "+owner: ",
		},
		{
			name:   "column type",
			change: `alter table postern_internal.log_drop alter column dropped_by type text`,
			find:   "changed: table postern_internal.log_drop",
			diff:   "+  dropped_by text",
		},
		{
			name:   "not null",
			change: `alter table postern_internal.session_key alter column created_by drop not null`,
			find:   "changed: table postern_internal.session_key",
			diff:   "-  created_by name not null",
		},
		{
			name:   "generated by default",
			change: `alter table postern_internal.event_action alter column event_action_id set generated by default`,
			find:   "changed: table postern_internal.event_action",
			diff:   "+  event_action_id integer not null generated by default as identity",
		},
		{
			name:   "comment on a column",
			change: `comment on column postern_internal.event_action.event is 'nothing'`,
			find:   "changed: table postern_internal.event_action",
			diff:   "-- nothing",
		},
		{
			name:   "forced row level security",
			change: `alter table postern.posting_combination force row level security`,
			find:   "changed: table postern.posting_combination",
			diff:   "+row level security: forced",
		},
		{
			name:   "unlogged table",
			change: `alter table postern_internal.gate_reading set unlogged`,
			find:   "changed: table postern_internal.gate_reading",
			diff:   "+unlogged",
		},
		{
			name:   "policy",
			change: `alter policy postern_company on postern.posting_combination using (true)`,
			find:   "changed: policy postern_company on postern.posting_combination",
			diff:   "+using: true",
		},
		{
			name:   "rights of the owner",
			change: `revoke delete on postern_internal.setting from postern_owner`,
			find:   "changed: table postern_internal.setting",
			diff:   "+revoked from the owner: delete",
		},
		{
			name:   "grant option",
			change: `grant execute on function postern.set_pin(text) to postern_user with grant option`,
			find:   "extra: grant execute on function postern.set_pin(new_pin text) to postern_user with grant option",
			diff:   "+grant execute to postern_user with grant option",
		},
		{
			name:   "grant option, which takes the place of the grant",
			change: `select 1`,
			find:   "missing: grant execute on function postern.set_pin(new_pin text) to postern_user",
			diff:   "-grant execute to postern_user",
		},
		{
			name:   "changed procedure",
			change: `alter procedure message_sys.remove_attribute(inout text, text) security definer`,
			find:   "changed: procedure message_sys.remove_attribute(",
			diff:   "+ SECURITY DEFINER",
		},
		{
			name:   "extra aggregate",
			change: `create aggregate postern.total(integer) (sfunc = int4pl, stype = integer)`,
			find:   "extra: aggregate postern.total(integer)",
			diff:   "+transition int4pl",
		},
		{
			name:   "type grant",
			change: `revoke usage on type postern_internal.outcome from public`,
			find:   "missing: grant usage on enum postern_internal.outcome to public",
			diff:   "-grant usage to public",
		},
		{
			name:   "type owner",
			change: `alter type postern_internal.delivery_state owner to ` + outsider,
			find:   "changed: enum postern_internal.delivery_state",
			diff:   "+owner: " + outsider,
		},
		{
			name:   "extra domain",
			change: `create domain postern.code as text check (value <> '')`,
			find:   "extra: domain postern.code",
			diff:   "+text",
		},
		{
			name:   "constraint of a domain",
			change: `select 1`,
			find:   "extra: constraint code_check on postern.code",
			diff:   "+CHECK",
		},
		{
			name:   "extra range",
			change: `create type postern.span as range (subtype = integer, multirange_type_name = postern.spans)`,
			find:   "extra: type postern.span",
			diff:   "+subtype: integer",
		},
		{
			name:   "multirange of it",
			change: `select 1`,
			find:   "extra: type postern.spans",
			diff:   "+owner: ",
		},
		{
			name:   "constructors of both",
			change: `select 1`,
			find:   "extra: function postern.span",
			diff:   "+grant execute to public",
		},
		{
			name:   "extra composite type",
			change: `create type postern.pair as (a integer, b text)`,
			find:   "extra: composite type postern.pair",
			diff:   "+  a integer",
		},
		{
			name:   "type of it",
			change: `select 1`,
			find:   "extra: type postern.pair",
			diff:   "+owner: ",
		},
		{
			name:   "extra materialized view",
			change: `create materialized view postern.keys as select * from postern_internal.session_key`,
			find:   "extra: materialized view postern.keys",
			diff:   "+   FROM postern_internal.session_key;",
		},
		{
			name:   "extra index",
			change: `create index gate_reader on postern_internal.gate_reading (read_by)`,
			find:   "extra: index postern_internal.gate_reader",
			diff:   "+CREATE INDEX gate_reader",
		},
		{
			name:   "collation",
			change: `create collation postern.plain from "C"`,
			find:   "extra: collation postern.plain",
			diff:   "+present",
		},
		{
			name:   "statistics",
			change: `create statistics postern.pairs on userid, company from postern_internal.company_user`,
			find:   "extra: statistics object postern.pairs",
			diff:   "+present",
		},
		{
			name:   "text search",
			change: `create text search dictionary postern.words (template = simple)`,
			find:   "extra: text search dictionary postern.words",
			diff:   "+present",
		},
		{
			name:   "schema of a child",
			change: `create schema postern_extra; create table postern_extra.child () inherits (postern_internal.setting)`,
			find:   "changed: table postern_internal.setting",
			diff:   "+inherited by: postern_extra.child",
		},
		{
			name:   "rule of a view",
			change: `create rule loud as on update to postern.gate do also notify gates`,
			find:   "extra: rule loud on postern.gate",
			diff:   "+enabled",
		},
	}
	for _, drift := range drifts {
		database.run(drift.change)
	}
	differences := database.verify()
	explained := map[string]bool{}
	for _, drift := range drifts {
		found := false
		for _, difference := range differences {
			title := difference.Change + ": " + difference.Kind + " " + difference.Name
			if strings.HasPrefix(title, drift.find) && strings.Contains(difference.Diff, drift.diff) {
				found, explained[title] = true, true
			}
		}
		if !found {
			t.Errorf("%s: verify does not find %q with %q", drift.name, drift.find, drift.diff)
		}
	}
	for _, difference := range differences {
		if title := difference.Change + ": " + difference.Kind + " " + difference.Name; !explained[title] {
			t.Errorf("verify finds %s\n%s", title, difference.Diff)
		}
	}
}

// Two conditions that differ only in parentheses are different: the comparison ignores nothing.
func TestParenthesesAreADifference(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ change, find string }{
		"check": {
			`alter table postern_internal.combination_block drop constraint combination_block_check1,
   add constraint combination_block_check1 check (given >= 0 and given <= size and counted or given < size)`,
			"changed: constraint combination_block_check1 on postern_internal.combination_block",
		},
		"view": {
			`do $$
declare
  query text := pg_get_viewdef('postern_internal.current_gate_reading'::regclass);
  changed text := replace(query, $q$((o.nspname = 'postern'::name) AND (g.proname = ANY (ARRAY['checkpoint'::name, 'begin_action'::name]))) OR ((o.nspname = 'security_sys'::name) AND$q$,
                                 $q$(o.nspname = 'postern'::name) AND ((g.proname = ANY (ARRAY['checkpoint'::name, 'begin_action'::name])) OR (o.nspname = 'security_sys'::name)) AND ($q$);
begin
  if changed = query then raise exception '%', query; end if;
  execute 'create or replace view postern_internal.current_gate_reading as ' || changed;
end
$$`,
			"changed: view postern_internal.current_gate_reading",
		},
		"function": {
			`create or replace function postern_internal.combination_id(posting_combination_id numeric) returns bigint language sql immutable parallel safe
return case when posting_combination_id >= 1::numeric and (posting_combination_id <= 9223372036854775807::numeric
                 and posting_combination_id = pg_catalog.trunc(posting_combination_id))
            then posting_combination_id::bigint end`,
			"changed: function postern_internal.combination_id(posting_combination_id numeric)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newInstalled(t)
			database.run("set search_path = pg_catalog, pg_temp; " + test.change)
			differences := database.verify()
			if len(differences) != 1 || differences[0].Title() != test.find {
				t.Fatalf("verify finds %+v, want %q", differences, test.find)
			}
			words := map[byte]string{}
			for line := range strings.Lines(differences[0].Diff) {
				if line[0] == '-' || line[0] == '+' {
					words[line[0]] += strings.Join(strings.Fields(strings.NewReplacer("(", " ", ")", " ", "--- expected", "", "+++ installed", "").Replace(line)[1:]), " ")
				}
			}
			if words['-'] != words['+'] {
				t.Errorf("naive: without parentheses %q is not %q", words['-'], words['+'])
			}
		})
	}
}

func TestVerifyFindsChangedRoles(t *testing.T) {
	database := newInstalled(t)
	database.changeRoles()
	member := database.Login(t).Name
	database.run(`
alter role postern_user createdb;
alter role postern_auditor login;
grant postern_admin to postern_app;
grant postern_owner to ` + member)
	differences := database.verify()
	database.run(`
alter role postern_user nocreatedb;
alter role postern_auditor nologin;
revoke postern_admin from postern_app;
revoke postern_owner from ` + member)
	want := map[string]string{
		"postern_app":     "+member of postern_admin",
		"postern_auditor": "+login",
		"postern_owner":   "+has the member " + member,
		"postern_user":    "+createdb",
	}
	if len(differences) != len(want) {
		t.Errorf("verify finds %d differences, want %d", len(differences), len(want))
	}
	for _, difference := range differences {
		if line := want[difference.Name]; difference.Kind != "role" || line == "" || !strings.Contains(difference.Diff, line) {
			t.Errorf("verify finds %s %s, want %q\n%s", difference.Kind, difference.Name, line, difference.Diff)
		}
	}
	database.mustBeClean()
}

func TestVerifyLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	const installations = "select count(*)::text from postern_internal.installation"
	before, recorded := database.dump(), database.text(installations)
	database.mustBeClean()
	if database.dump() != before {
		t.Error("verify changed the schema")
	}
	if count := database.text(installations); count != recorded {
		t.Errorf("%s installations are recorded, want %s", count, recorded)
	}
}

// Which months of the log have a partition depends on when it was installed, and on what was dropped since.
func TestMonthsOfTheLogAreNoDrift(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	database.run(`
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at)
values ('passed', 'X', 'X', 'X', '{}', '2019-12-31 23:59:59.999999+00'), ('passed', 'X', 'X', 'X', '{}', '2020-01-01 00:00+00');
alter database ` + database.Name + ` set timezone = 'Pacific/Kiritimati';
alter database ` + database.Name + ` set datestyle = 'German'`)
	database.run("select postern.create_log_partitions(); drop table " + partition(0))
	if made := database.text("select string_agg(tableoid::regclass::text, ' ' order by logged_at) from postern_internal.checkpoint_entry"); made != "postern_internal.checkpoint_entry_2019_12 postern_internal.checkpoint_entry_2020_01" {
		t.Errorf("the entries are in %s", made)
	}
	database.mustBeClean()
}

// A session that locks writers out of the tables does not stop a verification, which only describes them.
func TestVerifyWaitsForNobody(t *testing.T) {
	t.Parallel()
	database := newInstalled(t)
	connection := database.Connect(t)
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "lock table postern_internal.checkpoint_entry, postern_internal.credential, postern_internal.ticket in exclusive mode"); err != nil {
		t.Fatal(err)
	}
	database.mustBeClean()
}

func TestVerifyWithoutPostern(t *testing.T) {
	t.Parallel()
	_, err := install.Verify(t.Context(), newDatabase(t).config(), install.VerifyOptions{})
	if !errors.Is(err, install.ErrNotInstalled) {
		t.Errorf("%v, want ErrNotInstalled", err)
	}
}
