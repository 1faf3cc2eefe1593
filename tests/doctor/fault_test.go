package doctor_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// fault is something that a check exists for. In its SQL, {table} and {other} are quoted names of tables in the schema
// shop; {name} is {table} unquoted, as a string; {schema} is another schema. {application}, {person} and {group} are
// roles: the first has postern_app, the second can log in and has nothing, the third cannot log in.
type fault struct {
	name, code, level string
	seed              string
	// object is the beginning of the finding's object.
	object string
	// also are the codes of other findings that the fault rightly causes.
	also []string
	// words says that the fix is not SQL. act is what a person does who reads it.
	words, act string
	// commits says that the fix is a transaction by itself.
	commits bool
	// before is the version of PostgreSQL from which on this is no fault; 0 if it always is one.
	before int
}

const (
	voucher = "create table shop.{table} (voucher_id integer, company text not null, amount integer);\n"
	entry   = "create table shop.{table} (company text not null, posting_combination_id bigint not null, amount integer);\n"
	company = "select postern.protect_company('shop.{name}');\n"
	ledger  = "select postern.protect_ledger('shop.{name}');\n"
	key     = "alter table shop.{table} add foreign key (company, posting_combination_id) references postern.posting_combination (company, posting_combination_id);\n"
	// The company is in it, but the key of a supplier is unique without the company.
	supplier = "create table shop.supplier (company text, supplier_id integer primary key, unique (company, supplier_id)); alter table shop.supplier enable row level security; create policy own on shop.supplier using (true);\n"
	gate     = "select postern.register_gate('SHOP_APPROVE', 'Approve a voucher', 'Voucher approved', active => true);\n"
)

// What guards tables with the gate. A guard's function has a digest of the table's name in its name, so onGuard
// runs a statement with that function for %s.
const (
	invoice  = gate + "create table shop.{table} (invoice_no integer, amount integer, approved boolean);\n" + guard
	guard    = "select postern.protect_gate('shop.{name}', 'SHOP_APPROVE', columns => '{approved}', parameters => '{}', condition => 'new.approved is true');\n"
	invoices = gate + "create table shop.{table} (invoice_no integer, approved boolean, year integer) partition by list (year);\n"
)

func onGuard(statement string) string {
	return "do $$ begin execute (select format('" + statement + "', p.oid::regprocedure) from pg_catalog.pg_proc as p where p.proname like 'postern\\_guard\\_shop%'); end $$;\n"
}

// guarded is how the finding's object begins that concerns a guard.
const guarded = "guard SHOP_APPROVE of table shop.{table}"

// owned is a function of a role that is no superuser.
const owned = "create function shop.{other}(text) returns text immutable language plpgsql as $$ begin raise notice '%', $1; return $1; end $$; alter function shop.{other}(text) owner to {group}; "

// untold is an entry of the log of which nobody has been notified for an hour.
const untold = "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); " +
	"insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at) values ('passed', 'SHOP_APPROVE', 'ANN', 'Passed', '{}', now() - interval '1 hour'); select postern.create_log_partitions(); " +
	"update postern_internal.event_action set queued_at = queued_at - interval '1 hour'; select 1; "

// uncalled: nothing calls the gate here.
var uncalled = []string{"gate_not_called"}

// asksAdministrators has administrators approve what they change. administrators makes two more of them: the application,
// in which the users of its sessions approve, and a person.
const (
	asksAdministrators = "select postern.set_setting('administration_gate', 'all'); "
	administrators     = asksAdministrators + "grant postern_admin to {application}; grant postern_admin, postern_user to {person}; select postern.allow_login('{person}'); "
)

// oneCan: the application administers.
var oneCan = []string{"admin_application"}

func faults() []fault {
	return []fault{
		{name: "open", code: "unprotected_company", level: "warn", seed: voucher},
		{name: "open, varchar in a domain", code: "unprotected_company", level: "warn",
			seed: "create domain shop.firm as varchar(20); create domain shop.house as shop.firm; create table shop.{table} (company shop.house)"},
		{name: "open ledger", code: "unprotected_company", level: "warn", seed: entry + key},
		{name: "open internal ledger", code: "unprotected_company", level: "warn", seed: "create table shop.{table} (company text, ledger_id text, posting_combination_id numeric)"},
		{name: "open partitions", code: "unprotected_company", level: "warn",
			seed: "create table shop.{table} (company text) partition by list (company); create table shop.{other} partition of shop.{table} default"},
		{name: "open, a column of another name", code: "unprotected_company", level: "warn",
			seed: "create table shop.{other} (\"Company's code\" text); select postern.protect_company('shop.{othername}', 'Company''s code'); create table shop.{table} (\"Company's code\" text)"},
		{name: "policies that are off", code: "unprotected_company", level: "warn", seed: voucher + "create policy own on shop.{table} using (company = '10')"},
		{name: "open, a collation that cannot be compared", code: "unprotected_company", level: "warn",
			seed:  "create collation shop.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table shop.{table} (company text collate shop.any_case)",
			words: "Give the column a deterministic collation", act: "alter table shop.{table} alter column company type text collate \"default\"; select postern.protect_company('shop.{name}', 'company')"},

		{name: "a number", code: "unprotectable_company", level: "warn", seed: "create table shop.{table} (company {unprotectable} not null, amount integer)",
			words: "Give the column a type that can be protected", act: "alter table shop.{table} alter column company type text using company::text; select postern.protect_company('shop.{name}')"},
		{name: "partitions of another type", code: "unprotectable_company", level: "warn",
			seed:  "create table shop.{table} (company {unprotectable}) partition by list (company); create table shop.{other} partition of shop.{table} default",
			words: "Give the column a type that can be protected", act: "drop table shop.{table}"},

		{name: "attached", code: "unprotected_partition", level: "error", object: "table shop.{other}",
			seed: "create table shop.{table} (company text) partition by list (company); " + company + "create table shop.{other} (company text); alter table shop.{table} attach partition shop.{other} default"},
		{name: "created", code: "unprotected_partition", level: "error", object: "table shop.{other}",
			seed: "create table shop.{table} (company text) partition by list (company); " + company + "create table shop.{other} partition of shop.{table} default"},
		{name: "inherits", code: "unprotected_partition", level: "error", object: "table shop.{other}", seed: voucher + company + "create table shop.{other} () inherits (shop.{table})"},
		{name: "partition of a ledger", code: "unprotected_partition", level: "error", object: "table shop.{other}",
			seed: "create table shop.{table} (company text not null, posting_combination_id bigint not null) partition by list (company); " + ledger + key + "create table shop.{other} partition of shop.{table} default"},
		{name: "attached to an open table", code: "unprotected_parent", level: "error", object: "table shop.{other}",
			seed: voucher + company + "create table shop.{other} (voucher_id integer, company text not null, amount integer) partition by list (company); alter table shop.{other} attach partition shop.{table} default"},
		{name: "another parent, without the columns", code: "unprotected_parent", level: "error", object: "table shop.{other}",
			seed: "create table shop.{other} (id integer, secret text); create table shop.{table} (company text); create table shop.child () inherits (shop.{other}, shop.{table}); " + company},
		{name: "another parent, of a grandchild", code: "unprotected_parent", level: "error", object: "table shop.{other}",
			seed: voucher + "create table shop.{other} (id integer); create table shop.middle () inherits (shop.{table}); create table shop.child () inherits (shop.middle, shop.{other}); " + company},

		{name: "dropped", code: "changed_protection", level: "error", seed: voucher + company + "drop policy postern_company on shop.{table}"},
		{name: "permissive", code: "changed_protection", level: "error",
			seed: voucher + company + "drop policy postern_company on shop.{table}; create policy postern_company on shop.{table} using (company = any (array(select a.company from postern.user_finance_auth_pub a))) with check (company = any (array(select a.company from postern.user_finance_auth_pub a)))"},
		{name: "weakened", code: "changed_protection", level: "error", seed: voucher + company + "alter policy postern_company on shop.{table} using (true)"},
		{name: "weakened by a little", code: "changed_protection", level: "error",
			seed: voucher + company + "alter policy postern_company on shop.{table} using (amount < 0 or company = any (array(select a.company from postern.user_finance_auth_pub a)))"},
		{name: "another column", code: "changed_protection", level: "error",
			seed: "create table shop.{table} (\"The company\" text, \"Thecompany\" text); select postern.protect_company('shop.{name}', 'The company'); alter policy postern_company on shop.{table} using (\"Thecompany\" = any (array(select a.company from postern.user_finance_auth_pub a)))"},
		{name: "another column, in capitals", code: "changed_protection", level: "error",
			seed: "create table shop.{table} (\"Firm\" text, \"FIRM\" text); select postern.protect_company('shop.{name}', 'Firm'); " +
				"alter policy postern_company on shop.{table} using (\"FIRM\" = any (array(select a.company from postern.user_finance_auth_pub a)))"},
		{name: "another column, with a space", code: "changed_protection", level: "error",
			seed: "create table shop.{table} (\"my firm\" text, \"my(firm\" text); select postern.protect_company('shop.{name}', 'my firm'); " +
				"alter policy postern_company on shop.{table} using (\"my(firm\" = any (array(select a.company from postern.user_finance_auth_pub a)))"},
		{name: "check weakened", code: "changed_protection", level: "error", seed: voucher + company + "alter policy postern_company on shop.{table} with check (true)"},
		{name: "for some roles", code: "changed_protection", level: "error", seed: voucher + company + "alter policy postern_company on shop.{table} to postern_auditor"},
		{name: "switched off", code: "changed_protection", level: "error", seed: voucher + company + "alter table shop.{table} disable row level security"},
		{name: "trigger off", code: "changed_protection", level: "error", seed: voucher + company + "alter table shop.{table} disable trigger postern_refuse_truncate"},
		{name: "permits less", code: "changed_protection", level: "error", seed: voucher + company + "alter policy postern_permit on shop.{table} using (amount > 0)"},
		{name: "permits some roles", code: "changed_protection", level: "error", seed: voucher + company + "alter policy postern_permit on shop.{table} to postern_admin"},
		{name: "permits what would stay", code: "changed_protection", level: "error", seed: entry + ledger + key + "alter policy postern_permit on shop.{table} using (true) with check (true)"},
		{name: "ledger weakened", code: "changed_protection", level: "error", seed: entry + ledger + key + "alter policy postern_ledger on shop.{table} using (amount > 0)"},
		{name: "of a partition", code: "changed_protection", level: "error", object: "table shop.{other}",
			seed: "create table shop.{table} (company text) partition by list (company); create table shop.{other} partition of shop.{table} default; " + company + "alter policy postern_company on shop.{other} using (true)"},
		{name: "not forced", code: "unforced_row_security", level: "error", seed: voucher + company + "alter table shop.{table} no force row level security"},
		{name: "nobody permits", code: "no_permissive_policy", level: "warn", seed: voucher + company + "drop policy postern_permit on shop.{table}"},
		{name: "nobody permits, of a partition", code: "no_permissive_policy", level: "warn", object: "table shop.{other}",
			seed: "create table shop.{table} (company text) partition by list (company); create table shop.{other} partition of shop.{table} default; " + company + "drop policy postern_permit on shop.{other}"},
		{name: "nobody permits, by the application's own", code: "no_permissive_policy", level: "warn",
			seed:  voucher + "alter table shop.{table} enable row level security; create policy own on shop.{table} using (amount > 0); " + company + "drop policy own on shop.{table}",
			words: "Create a policy", act: "create policy own on shop.{table} using (amount > 0)"},
		{name: "nobody permits, not protected", code: "no_permissive_policy", level: "warn", seed: voucher + "alter table shop.{table} enable row level security, force row level security",
			words: "If rows should be readable", act: "alter table shop.{table} disable row level security, no force row level security; select postern.protect_company('shop.{name}')"},

		{name: "dropped", code: "changed_guard", level: "error", object: guarded, seed: invoice + "drop trigger postern_guard_shop_approve_update on shop.{table}"},
		{name: "disabled", code: "changed_guard", level: "error", object: guarded, seed: invoice + "alter table shop.{table} disable trigger postern_guard_shop_approve_insert"},
		{name: "all disabled", code: "changed_guard", level: "error", object: guarded, seed: invoice + "alter table shop.{table} disable trigger all"},
		{name: "enabled, not always", code: "changed_guard", level: "error", object: guarded, seed: invoice + "alter table shop.{table} enable trigger postern_guard_shop_approve_update"},
		{name: "for replicas", code: "changed_guard", level: "error", object: guarded, seed: invoice + "alter table shop.{table} enable replica trigger postern_guard_shop_approve_update"},
		{name: "another function", code: "changed_guard", level: "error", object: guarded,
			seed: invoice + "create function shop.{other}() returns trigger language plpgsql as 'begin return null; end'; create or replace trigger postern_guard_shop_approve_update after update on shop.{table} referencing old table as postern_old new table as postern_new for each statement when (postern.guard_stops('SHOP_APPROVE')) execute function shop.{other}(); alter table shop.{table} enable always trigger postern_guard_shop_approve_update"},
		{name: "another condition", code: "changed_guard", level: "error", object: guarded,
			seed: invoice + onGuard("create or replace trigger postern_guard_shop_approve_update after update on shop.{escaped} referencing old table as postern_old new table as postern_new for each statement when (false) execute function %s") + "alter table shop.{table} enable always trigger postern_guard_shop_approve_update"},
		{name: "may be truncated again", code: "changed_guard", level: "error", object: guarded, seed: invoice + "alter table shop.{table} disable trigger postern_guard_shop_approve_truncate"},
		{name: "another body", code: "changed_guard", level: "error", object: guarded, seed: invoice + onGuard("create or replace function %s returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ''begin return null; end''")},
		{name: "another owner", code: "changed_guard", level: "error", object: guarded, seed: invoice + onGuard("alter function %s owner to {group}")},
		{name: "the table has another owner", code: "changed_guard", level: "error", object: guarded, seed: invoice + "grant usage on schema postern to {group}; alter table shop.{table} owner to {group}"},
		{name: "of the writer's rights", code: "changed_guard", level: "error", object: guarded, seed: invoice + onGuard("alter function %s security invoker")},
		{name: "other settings", code: "changed_guard", level: "error", object: guarded, seed: invoice + onGuard("alter function %s set extra_float_digits = -15")},
		{name: "no function", code: "changed_guard", level: "error", object: guarded, seed: invoice + onGuard("drop function %s cascade")},
		{name: "listed with other operations", code: "changed_guard", level: "error", object: guarded,
			seed: invoice + "update postern_internal.protected_table set operations = '{update,delete}', columns = '{approved,amount}'"},
		{name: "not exclusive", code: "changed_guard", level: "error", object: guarded, seed: invoice + "update postern_internal.gate set exclusive = false where not built_in"},
		{name: "created again", code: "changed_guard", level: "error", object: guarded, seed: invoice + "drop table shop.{table}; create table shop.{table} (invoice_no integer, amount integer, approved boolean)"},
		{name: "swapped", code: "changed_guard", level: "error", object: guarded, also: []string{"unlisted_protection"},
			seed: invoice + "alter table shop.{table} rename to {other}; create table shop.{table} (like shop.{other})"},
		{name: "attached", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoices + guard + "create table shop.{other} (invoice_no integer, approved boolean, year integer); alter table shop.{table} attach partition shop.{other} default"},
		{name: "created", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}", seed: invoices + guard + "create table shop.{other} partition of shop.{table} default"},
		{name: "inherits", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}", seed: invoice + "create table shop.{other} () inherits (shop.{table})"},
		{name: "a foreign partition", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoices + guard + "create extension file_fdw schema public; create server files foreign data wrapper file_fdw; create foreign table shop.{other} partition of shop.{table} default server files options (filename '/dev/null')"},
		{name: "of a partition", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoices + "create table shop.{other} partition of shop.{table} default; " + guard + "alter table shop.{other} disable trigger postern_guard_shop_approve_update"},
		{name: "attached to a table without it", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoice + "create table shop.{other} (invoice_no integer, amount integer, approved boolean) partition by list (amount); alter table shop.{other} attach partition shop.{table} default"},
		{name: "a parent without the columns", code: "changed_guard", level: "error", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoice + "create table shop.{other} (amount integer); alter table shop.{table} inherit shop.{other}"},
		{name: "rows may move unseen", code: "changed_guard", level: "error", object: guarded,
			seed: invoices + "create table shop.{other} partition of shop.{table} default; " + guard + "drop trigger \"~postern_guard_shop_approve_move\" on shop.{table}"},
		{name: "rows of a partition may move unseen", code: "changed_guard", level: "error", object: guarded,
			seed: invoices + "create table shop.{other} partition of shop.{table} default; " + guard + "alter table shop.{other} disable trigger \"~postern_guard_shop_approve_move\""},
		{name: "another partition key", code: "changed_guard", level: "error", object: guarded,
			seed: invoices + guard + "create table shop.{other} (invoice_no integer, approved boolean, year integer) partition by list (invoice_no); alter table shop.{table} attach partition shop.{other} default; " +
				"select postern.put_guard('shop.{othername}', 'SHOP_APPROVE', '{insert,update,delete}', p.oid) from pg_catalog.pg_proc as p where p.proname like 'postern\\_guard\\_shop%'"},

		{name: "guarded and renamed", code: "unlisted_protection", level: "warn", object: "guard SHOP_APPROVE of table shop.{other}", also: []string{"stale_protection"}, seed: invoice + "alter table shop.{table} rename to {other}"},
		{name: "guarded and detached", code: "unlisted_protection", level: "warn", object: "guard SHOP_APPROVE of table shop.{other}",
			seed: invoices + "create table shop.{other} partition of shop.{table} default; " + guard + "alter table shop.{table} detach partition shop.{other}"},
		{name: "guarded and taken off the list", code: "unlisted_protection", level: "warn", object: guarded, also: uncalled, seed: invoice + "delete from postern.protected_table",
			words: "Guard shop.", act: guard},
		{name: "guarded and gone", code: "stale_protection", level: "warn", object: guarded, also: uncalled, seed: invoice + "drop table shop.{table}"},
		{name: "guarded column renamed", code: "stale_protection", level: "warn", object: guarded, seed: invoice + "alter table shop.{table} rename column approved to released",
			words: "In one transaction", act: "select postern.unprotect_gate('shop.{name}', 'SHOP_APPROVE'); select postern.protect_gate('shop.{name}', 'SHOP_APPROVE', columns => '{released}', parameters => '{}', condition => 'new.released')"},
		{name: "gate with other parameters", code: "stale_protection", level: "warn", object: guarded, seed: invoice + "select postern.register_gate('SHOP_APPROVE', 'Approve a voucher', 'Voucher over &AMOUNT approved', '{AMOUNT}')",
			words: "In one transaction", act: "select postern.unprotect_gate('shop.{name}', 'SHOP_APPROVE'); select postern.protect_gate('shop.{name}', 'SHOP_APPROVE')"},

		{name: "renamed", code: "unlisted_protection", level: "warn", object: "table shop.{other}", also: []string{"stale_protection"}, seed: voucher + company + "alter table shop.{table} rename to {other}"},
		{name: "ledger renamed", code: "unlisted_protection", level: "warn", object: "table shop.{other}", also: []string{"stale_protection"}, seed: entry + ledger + key + "alter table shop.{table} rename to {other}",
			words: "Protect shop.", act: "select postern.protect_ledger('shop.{othername}')"},
		{name: "gone", code: "stale_protection", level: "warn", seed: voucher + company + "drop table shop.{table}"},
		{name: "column renamed", code: "stale_protection", level: "warn", seed: voucher + company + "alter table shop.{table} rename column company to firm",
			words: "In one transaction", act: "select postern.unprotect('shop.{name}'); select postern.protect_company('shop.{name}', 'firm')"},

		{name: "view of a superuser", code: "view_without_security_invoker", level: "error", object: "view shop.{other}", seed: voucher + company + "create view shop.{other} as select company from shop.{table}"},
		{name: "view of a person", code: "view_without_security_invoker", level: "warn", object: "view shop.{other}",
			seed: voucher + company + "create view shop.{other} with (security_invoker = off) as select 1 as one where exists (select from shop.{table}); alter view shop.{other} owner to {group}"},
		{name: "view over combinations", code: "view_without_security_invoker", level: "error", object: "view shop.{other}", seed: "create view shop.{other} as select code_a from postern.posting_combination"},
		{name: "materialized", code: "materialized_view", level: "warn", object: "materialized view shop.{other}", seed: voucher + company + "create materialized view shop.{other} as select company from shop.{table}"},
		{name: "materialized over a view, for all", code: "materialized_view", level: "error", object: "materialized view shop.{other}",
			seed: voucher + company + "create view shop.between with (security_invoker) as select company from shop.{table}; create materialized view shop.{other} as select company from shop.between; grant select on shop.{other} to public, {group}"},

		{name: "loopback", code: "foreign_table", level: "error", object: "foreign table shop.{other}",
			seed: voucher + company + "create extension postgres_fdw schema public; create server here foreign data wrapper postgres_fdw options (dbname '{database}', host 'localhost'); create foreign table shop.{other} (amount integer) server here options (schema_name 'shop', table_name '{string}'); grant select on shop.{other} to {group}"},
		{name: "loopback to Postern's keys", code: "foreign_table", level: "error", object: "foreign table shop.{other}",
			seed: "create extension postgres_fdw schema public; create server here foreign data wrapper postgres_fdw options (dbname '{database}', host 'localhost'); create foreign table shop.{other} (inner_pad bytea) server here options (schema_name 'postern_internal', table_name 'server_key'); grant select on shop.{other} to {group}"},
		{name: "loopback to a view", code: "foreign_table", level: "error", object: "foreign table shop.{other}",
			seed: voucher + company + "create view shop.seen with (security_invoker = true) as select amount from shop.{table}; create extension postgres_fdw schema public; create server here foreign data wrapper postgres_fdw options (dbname '{database}', host 'other.example.com,127.0.0.1'); create foreign table shop.{other} (amount integer) server here options (schema_name 'shop', table_name 'seen'); grant select on shop.{other} to {group}"},
		{name: "a part of a protected table", code: "foreign_table", level: "error", object: "foreign table shop.{other}",
			seed: "create extension file_fdw schema public; create server files foreign data wrapper file_fdw; create table shop.{table} (company text) partition by list (company); " + company +
				"create foreign table shop.{other} partition of shop.{table} default server files options (filename '/dev/null'); grant select on shop.{other} to public"},
		{name: "a file with companies", code: "foreign_table", level: "warn", object: "foreign table shop.{other}",
			seed: "create extension file_fdw schema public; create server files foreign data wrapper file_fdw; create foreign table shop.{other} (company integer, amount integer) server files options (filename '/dev/null'); grant select (company) on shop.{other} to {group}, public"},

		{name: "writes past a guard", code: "logical_replication", level: "warn", object: "subscription {other}",
			seed: invoice + "create subscription {other} connection 'dbname=nowhere' publication invoices with (connect = false, slot_name = none); " +
				"insert into pg_catalog.pg_subscription_rel (srsubid, srrelid, srsubstate) select s.oid, 'shop.{escaped}'::regclass, 'r' from pg_catalog.pg_subscription as s",
			words: "Guard the tables on the server that sends the rows", act: "drop subscription {other}"},
		{name: "published", code: "logical_replication", level: "warn", object: "publication {other}", seed: voucher + company + "create publication {other} for table shop.{table}"},
		{name: "published with others", code: "logical_replication", level: "warn", object: "publication {other}",
			seed: "create table shop.{table} (company text) partition by list (company); create table shop.part partition of shop.{table} default; create table shop.open (id integer); " + company + "create publication {other} for table shop.open, shop.part where (company = '10')"},
		{name: "published with its schema", code: "logical_replication", level: "warn", object: "publication {other}", seed: voucher + company + "create publication {other} for table shop.{table}, tables in schema shop, {schema}"},
		{name: "published with all tables", code: "logical_replication", level: "error", object: "publication {other}", seed: voucher + company + "create publication {other} for all tables"},
		{name: "keys published", code: "logical_replication", level: "error", object: "publication {other}",
			seed: "create publication {other} for table postern_internal.server_key, postern_internal.checkpoint_entry"},

		{name: "deletes", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: supplier + "create table shop.{table} (company text, supplier_id integer default 1, constraint {other} foreign key (supplier_id) references shop.supplier on delete cascade); insert into shop.supplier values ('10', 1); insert into shop.{table} values ('20'); " + company},
		{name: "updates, deferred, not validated", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: "create table shop.supplier (country text, supplier_id integer, primary key (country, supplier_id)); create table shop.{table} (company text, country text, supplier_id integer); insert into shop.{table} values ('20', 'XX', 1); " + company +
				"alter table shop.{table} add constraint {other} foreign key (country, supplier_id) references shop.supplier match full on delete restrict on update set null deferrable initially deferred not valid"},
		{name: "refers to itself", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: "create table shop.{table} (company text, id integer primary key, parent integer, constraint {other} foreign key (parent) references shop.{table} on delete set default); " + company},
		{name: "without the company in the key", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: supplier + "select postern.protect_company('shop.supplier'); create table shop.{table} (company text, supplier_id integer, constraint {other} foreign key (supplier_id) references shop.supplier on update cascade); " + company},
		{name: "another column than the company", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: supplier + "select postern.protect_company('shop.supplier'); create table shop.{table} (company text, other text, supplier_id integer, constraint {other} foreign key (other, supplier_id) references shop.supplier (company, supplier_id) on delete cascade); " + company},
		{name: "what is referred to is open", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: supplier + "create table shop.{table} (company text, supplier_id integer, constraint {other} foreign key (company, supplier_id) references shop.supplier (company, supplier_id) on delete cascade); " + company,
		},
		{name: "gives another company", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: supplier + "select postern.protect_company('shop.supplier'); create table shop.{table} (company text default '20', supplier_id integer, constraint {other} foreign key (company, supplier_id) references shop.supplier (company, supplier_id) on delete set default); " + company},
		{name: "of partitions", commits: true, code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.{table}",
			seed: "create table shop.supplier (supplier_id integer primary key) partition by hash (supplier_id); create table shop.all_suppliers partition of shop.supplier for values with (modulus 1, remainder 0); insert into shop.supplier values (1); " +
				"create table shop.{table} (company text, supplier_id integer, constraint {other} foreign key (supplier_id) references shop.supplier on delete cascade) partition by list (company); create table shop.part partition of shop.{table} default; insert into shop.{table} values ('20', 1); " + company},
		{name: "of one partition", code: "foreign_key_action", level: "warn", object: "constraint {other} on shop.part",
			seed: "create table shop.supplier (supplier_id integer primary key); create table shop.{table} (company text, supplier_id integer) partition by list (company); create table shop.part partition of shop.{table} (constraint {other} foreign key (supplier_id) references shop.supplier on delete cascade) default; " + company},

		{name: "may be truncated", code: "table_privilege", level: "warn", seed: voucher + company + "grant truncate on shop.{table} to {group}"},
		{name: "columns may be referenced", code: "table_privilege", level: "warn", also: []string{"missing_membership"}, seed: voucher + company + "grant references (company) on shop.{table} to public; grant all on shop.{table} to {group} with grant option"},
		{name: "a trigger in place of the guard's", code: "table_privilege", level: "error", seed: invoice + "grant trigger on shop.{table} to {group}"},
		{name: "guarded and protected", code: "table_privilege", level: "error", seed: voucher + company + gate + "select postern.protect_gate('shop.{name}', 'SHOP_APPROVE'); grant trigger, references on shop.{table} to public, {group}"},
		{name: "guarded and owned by the application", code: "application_owns_table", level: "warn", seed: gate + "create table shop.{table} (approved boolean); grant create on schema shop to {application}; alter table shop.{table} owner to {application}; " +
			"select postern.protect_gate('shop.{name}', 'SHOP_APPROVE')",
			words: "As a superuser: give shop.", act: "select postern.unprotect_gate('shop.{name}', 'SHOP_APPROVE'); alter table shop.{table} owner to current_user; select postern.protect_gate('shop.{name}', 'SHOP_APPROVE')"},
		{name: "owned by the application", code: "application_owns_table", level: "warn", seed: voucher + company + "alter table shop.{table} owner to {application}",
			words: "As a superuser: give", act: "alter table shop.{table} owner to {group}"},
		{name: "the application may become the owner", code: "application_owns_table", level: "warn", seed: voucher + company + "alter table shop.{table} owner to {group}; grant {group} to {application}",
			words: "As a superuser: give", act: "revoke {group} from {application}"},

		{name: "the application owns the schema", code: "application_owns_table", level: "warn", object: "table {schema}.voucher",
			seed:  "alter schema {schema} owner to {application}; create table {schema}.voucher (company text); select postern.protect_company('{schema}.voucher')",
			words: "As a superuser: give schema", act: "alter schema {schema} owner to current_user"},

		{name: "the application owns a partition", code: "application_owns_table", level: "warn", object: "table shop.{other}",
			seed:  "create table shop.{table} (company text) partition by list (company); create table shop.{other} partition of shop.{table} default; " + company + "alter table shop.{other} owner to {application}",
			words: "As a superuser: give", act: "alter table shop.{other} owner to {group}"},

		{name: "granted to a stranger", code: "missing_membership", level: "warn", object: "role {person}", seed: voucher + company + "grant select on shop.{table} to {person}"},
		{name: "granted to a stranger's group", code: "missing_membership", level: "warn", object: "role {group}", seed: voucher + company + "grant insert (amount) on shop.{table} to {group}; grant {group} to {person}"},
		{name: "granted through a view", code: "missing_membership", level: "warn", object: "role {person}",
			seed: voucher + company + "create view shop.between with (security_invoker) as select company from shop.{table}; create view shop.{other} with (security_invoker) as select company from shop.between; grant select on shop.{other} to {person}"},

		{name: "index over the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  voucher + owned + "create index on shop.{table} (shop.{other}(company)); " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "check over the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  voucher + owned + "alter table shop.{table} add check (shop.{other}(company) <> '')  not valid; " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "a column computed by the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  voucher + owned + "alter table shop.{table} add computed text generated always as (shop.{other}(company)) stored; " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "statistics over the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  voucher + owned + "create statistics shop.told on (shop.{other}(company)) from shop.{table}; " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "a partition key over the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  "create table shop.{table} (company text); drop table shop.{table}; " + owned + "create table shop.{table} (company text) partition by list (shop.{other}(company)); " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "an operator of the owner's", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed: voucher + "create function shop.{other}(text, text) returns boolean immutable language plpgsql as $$ begin raise notice '%', $1; return true; end $$; alter function shop.{other}(text, text) owner to {group}; " +
				"create operator shop.=== (leftarg = text, rightarg = text, function = shop.{other}); alter table shop.{table} add exclude using gist (int4range(amount, amount) with &&) where (company operator(shop.===) 'x'); " + company,
			words: "Read it.", act: "alter function shop.{other}(text, text) owner to {superuser}"},
		{name: "a domain checked by the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  owned + "create domain shop.told as text check (shop.{other}(value) <> ''); create table shop.{table} (company shop.told); " + company,
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "a policy that gives rows to the owner's function", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed:  voucher + owned + company + "create policy own on shop.{table} using (shop.{other}(company) <> '')",
			words: "Read it.", act: "alter function shop.{other}(text) owner to {superuser}"},
		{name: "a stranger's trigger", code: "row_function", level: "warn", object: "function shop.{other}(",
			seed: voucher + company + "create function shop.{other}() returns trigger security definer set search_path = '' language plpgsql as $$ begin return new; end $$; alter function shop.{other}() owner to {person}; " +
				"create trigger told before insert on shop.{table} for each row execute function shop.{other}()",
			words: "Read it.", act: "alter function shop.{other}() security invoker; alter function shop.{other}() owner to {superuser}"},

		{name: "user a row", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed: voucher + "alter table shop.{table} enable row level security; create policy {other} on shop.{table} using (company = postern.current_userid()) with check (company = fnd_session_api.get_fnd_user() and postern.current_userid() <> '')"},
		{name: "authorization a row", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed: voucher + "alter table shop.{table} enable row level security; create policy {other} on shop.{table} using (user_finance_api.is_authorized(company))"},
		{name: "authorization a row, varchar", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed: "create table shop.{table} (company varchar(20)); alter table shop.{table} enable row level security; create policy {other} on shop.{table} for update using (user_finance_api.is_user_authorized(company) or company is null)"},
		{name: "in a sub-select that looks at the row", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed:  entry + "alter table shop.{table} enable row level security; create policy {other} on shop.{table} using ('TRUE' = (select authorize_comb_finance_api.is_allowed(company, posting_combination_id) from postern.dual))",
			words: "Protect the table by", act: "drop policy {other} on shop.{table}; alter table shop.{table} disable row level security; " + ledger + key},
		{name: "the application's own", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed: voucher + "create function shop.firm() returns text stable language plpgsql as $$ begin return '10'; end $$; alter table shop.{table} enable row level security; create policy {other} on shop.{table} using (company = shop.firm())"},
		{name: "a string that looks like a call", code: "policy_per_row", level: "warn", object: "policy {other} on shop.{table}",
			seed:  voucher + "alter table shop.{table} enable row level security; create policy {other} on shop.{table} using (company <> 'postern.current_userid()' and company = postern.current_userid())",
			words: "Protect the table by", act: "drop policy {other} on shop.{table}; alter table shop.{table} disable row level security; select postern.protect_company('shop.{name}')"},

		{name: "no key", code: "missing_ledger_key", level: "warn", seed: entry + ledger},
		{name: "no key, columns may be NULL", code: "missing_ledger_key", level: "warn", seed: "create table shop.{table} (\"the 'firm'\" varchar(20), id integer); select postern.protect_ledger('shop.{name}', 'the ''firm''', 'id')"},
		{name: "no key, partitions", code: "missing_ledger_key", level: "warn",
			seed: "create table shop.{table} (company text, posting_combination_id bigint) partition by list (company); create table shop.{other} partition of shop.{table} default; " + ledger},
		{name: "key not validated", code: "missing_ledger_key", level: "warn", seed: entry + ledger + strings.TrimSuffix(key, ";\n") + " not valid"},
		{name: "key deferrable", code: "missing_ledger_key", level: "warn", seed: entry + ledger + strings.TrimSuffix(key, ";\n") + " deferrable"},

		{name: "path of the caller", code: "unpinned_search_path", level: "error", object: "function shop.{table}(",
			seed: "create function shop.{table}(\"a \"\" b\" shop.firm_name, c integer[]) returns integer security definer language plpgsql as $$ begin return 1; end $$"},
		{name: "procedure, of a person", code: "unpinned_search_path", level: "warn", object: "procedure {schema}.{table}(",
			seed: "create procedure {schema}.{table}(inout a text, variadic c text[]) security definer set work_mem = '4MB' language plpgsql as $$ begin a := 1; end $$; alter procedure {schema}.{table} owner to {group}"},
		{name: "in a schema for everybody", code: "unpinned_search_path", level: "error", object: "function {schema}.{table}(",
			seed: "grant create on schema {schema} to public; create function {schema}.{table}() returns integer security definer language sql as $$ select 1 $$"},

		{name: "reads past row security", code: "definer_function", level: "error", object: "function shop.{other}()",
			seed: voucher + company + "create function shop.{other}() returns bigint security definer set search_path = '' language sql as 'select count(*) from shop.{escaped}'"},
		{name: "reads past row security, and its tables have an owner", code: "definer_function", level: "error", object: "function shop.{other}()",
			seed: voucher + "alter table shop.{table} owner to {group}; " + company + "create function shop.{other}() returns bigint security definer set search_path = '' language plpgsql as $$ begin return (select count(*) from pg_catalog.pg_class as c, shop.{table} as x); end $$"},
		{name: "writes past row security, of a role with BYPASSRLS", code: "definer_function", level: "error", object: "procedure shop.{other}()", also: []string{"missing_membership"},
			seed: voucher + company + "create procedure shop.{other}() security definer set search_path = '' language plpgsql as $$ begin insert into shop.{table} values (1, '20'); end $$; alter role {group} bypassrls; alter procedure shop.{other}() owner to {group}"},
		{name: "bound to a view over it", code: "definer_function", level: "error", object: "function shop.{other}()",
			seed: voucher + company + "create view shop.between with (security_invoker) as select company from shop.{table}; create function shop.{other}() returns bigint security definer begin atomic select count(*) from shop.between; end"},
		{name: "calls what reads it", code: "definer_function", level: "error", object: "function shop.{other}()",
			seed: voucher + company + "create function shop.reads() returns bigint language plpgsql as $$ begin return (select count(*) from shop.{table}); end $$; " +
				"create function shop.passes() returns bigint language sql as 'select shop.reads()'; create function shop.{other}() returns bigint security definer set search_path = '' language plpgsql as $$ begin return shop.passes (); end $$"},
		{name: "a trigger that reads it", code: "definer_function", level: "error", object: "function shop.{other}()",
			seed: voucher + company + "create function shop.{other}() returns trigger security definer set search_path = '' language plpgsql as $$ begin update shop.{table} set amount = 0; return null; end $$; revoke all on function shop.{other}() from public"},
		{name: "asks by itself", code: "definer_function", level: "warn", object: "function shop.{other}()",
			seed: voucher + company + "create function shop.{other}() returns bigint security definer set search_path = '' language plpgsql as $$ begin return (select count(*) from shop.{table} where user_finance_api.is_authorized(company)); end $$"},

		{name: "BYPASSRLS", code: "bypassing_role", level: "warn", object: "role {person}", seed: "alter role {person} bypassrls"},
		{name: "superuser", code: "bypassing_role", level: "warn", object: "role {person}", seed: "alter role {person} superuser bypassrls"},
		{name: "application with BYPASSRLS", code: "bypassing_role", level: "error", object: "role {application}", seed: "alter role {application} bypassrls"},
		{name: "application with CREATEROLE", code: "bypassing_role", level: "error", object: "role {application}", seed: "alter role {application} createrole", before: 16},
		{name: "application that may become a role with CREATEROLE", code: "bypassing_membership", level: "error", object: "role {application}", seed: "alter role {group} createrole; grant {group} to {application}", before: 16},
		{name: "person with BYPASSRLS", code: "bypassing_role", level: "error", object: "role {person}", seed: "alter role {person} bypassrls; select postern.create_user('ANN', 'Ann', '{person}')"},
		{name: "may become a superuser", code: "bypassing_membership", level: "error", object: "role {application}", seed: "alter role {group} superuser; grant {group} to {application}"},
		{name: "may become a superuser, by others", code: "bypassing_membership", level: "error", object: "role {application}", also: []string{"bypassing_role"},
			seed: "alter role {person} superuser; grant {person} to {group}; grant {group} to {application}"},
		{name: "may become the owner of Postern", code: "owner_membership", level: "error", object: "role {person}", seed: "grant postern_owner to {person}"},
		{name: "may do what functions of events may", code: "owner_membership", level: "error", object: "role {person}", seed: "grant postern_event_function to {person}"},
		{name: "gives functions of events more rights", code: "owner_membership", level: "error", object: "role postern_event_function",
			seed: "grant {group} to postern_event_function"},
		{name: "reads all data", code: "all_data_role", level: "warn", object: "role {person}", seed: "grant pg_read_all_data to {group}; grant {group} to {person}"},
		{name: "application writes all data", code: "all_data_role", level: "error", object: "role {application}", seed: "grant pg_write_all_data to {application}"},
		{name: "replicates", code: "replication_role", level: "warn", object: "role {person}", seed: "alter role {person} replication"},
		{name: "an application replicates", code: "replication_role", level: "error", object: "role {application}", seed: "alter role {application} replication"},
		{name: "administers and applies", code: "admin_application", level: "warn", object: "role {application}", seed: "grant postern_admin to {application}"},
		{name: "switches triggers off", code: "trigger_switch", level: "error", object: "role {application}", seed: "grant set on parameter session_replication_role to {application} with grant option"},
		{name: "all switch triggers off", code: "trigger_switch", level: "error", object: "role public", seed: "grant set on parameter session_replication_role to public"},
		{name: "no triggers in the database", code: "session_setting", level: "error", object: "database", seed: "alter database {database} set session_replication_role = replica"},
		{name: "no triggers for a login", code: "session_setting", level: "error", object: "role {person}", seed: "alter role {person} set session_replication_role = 'replica'"},
		{name: "no triggers for a login here", code: "session_setting", level: "error", object: "role {person} in database", seed: "alter role {person} in database {database} set session_replication_role = replica"},
		{name: "no triggers for all", code: "session_setting", level: "error", object: "all roles", seed: "alter role all in database {database} set session_replication_role = local; alter role all set session_replication_role = replica"},
		{name: "errors end the connection", code: "session_setting", level: "warn", object: "role {application}", seed: "alter role {application} set exit_on_error = yes"},
		{name: "protected tables cannot be read", code: "session_setting", level: "warn", object: "role {application} in database", seed: "alter role {application} in database {database} set row_security = off"},
		{name: "a backslash has a meaning", code: "session_setting", level: "warn", object: "database", before: 19,
			seed: "do $$ begin alter database {database} set standard_conforming_strings = off; exception when feature_not_supported then end $$"},
		{name: "a session for everybody", code: "session_setting", level: "warn", object: "role {application}", seed: "alter role {application} set postern.session = 'x'"},

		{name: "logs all with values", code: "statement_logging", level: "error", object: "database", seed: "alter database {database} set log_statement = 'all'"},
		{name: "logs all without values", code: "statement_logging", level: "warn", object: "database", seed: "alter database {database} set log_min_duration_statement = 0; alter database {database} set log_parameter_max_length = 0"},
		{name: "logs what is slow, with values", code: "statement_logging", level: "warn", object: "database", seed: "alter database {database} set log_min_duration_statement = '2s'"},
		{name: "logs samples", code: "statement_logging", level: "error", object: "database", seed: "alter database {database} set log_min_duration_sample = 10; alter database {database} set log_transaction_sample_rate = 0.01"},
		{name: "logs all of an application", code: "statement_logging", level: "error", object: "role {application}", seed: "alter role {application} set log_statement = 'ALL'; alter role {application} set log_parameter_max_length = 100"},
		{name: "prints plans", code: "statement_logging", level: "error", object: "database", seed: "alter database {database} set debug_print_plan = on"},
		{name: "prints statements as parsed", code: "statement_logging", level: "warn", object: "database", seed: "alter database {database} set debug_print_parse = on; alter database {database} set debug_print_rewritten = true"},
		{name: "explains all with values", code: "statement_logging", level: "error", object: "database",
			seed: "alter database {database} set session_preload_libraries = 'auto_explain'; alter database {database} set auto_explain.log_min_duration = 0; alter database {database} set auto_explain.log_verbose = on"},
		{name: "explains all of an application with values", code: "statement_logging", level: "error", object: "role {application}",
			seed: "alter role {application} in database {database} set session_preload_libraries = 'pg_stat_statements, $libdir/auto_explain'; alter role {application} set auto_explain.log_min_duration = '10ms'; alter role {application} set auto_explain.log_verbose = 'on'"},
		{name: "explains what is slow, with values", code: "statement_logging", level: "warn", object: "database",
			seed: "alter database {database} set session_preload_libraries = 'auto_explain'; alter database {database} set auto_explain.log_min_duration = '3s'; alter database {database} set auto_explain.log_verbose = on"},
		{name: "monitors values", code: "statement_logging", level: "error", object: "database", seed: "alter database {database} set pg_stat_monitor.pgsm_normalized_query = off"},
		{name: "audits values", code: "statement_logging", level: "error", object: "database", seed: "alter database {database} set pgaudit.log = 'write'; alter database {database} set pgaudit.log_parameter = on"},
		{name: "logs all of an administrator", code: "statement_logging", level: "error", object: "role {person}", seed: "grant postern_admin to {person}; alter role {person} set log_statement = 'all'"},
		{name: "logs values of errors", code: "error_logging", level: "error", object: "database", seed: "alter database {database} set log_parameter_max_length_on_error = -1"},
		{name: "logs values of an application's errors", code: "error_logging", level: "error", object: "role {application}", seed: "alter role {application} in database {database} set log_parameter_max_length_on_error = '1kB'"},

		{name: "old key", code: "old_session_key", level: "warn", object: "session key o'ld",
			seed:  "select postern.create_session_key('o''ld', decode(repeat('ab', 32), 'hex')); update postern_internal.session_key set created_at = now() - interval '366 days'",
			words: "Create a key under another id", act: "select postern.create_session_key('new', decode(repeat('cd', 32), 'hex')); select postern.retire_session_key('o''ld')"},
		{name: "a key of another database", code: "moved_session_key", level: "warn", object: "session key o'ld",
			seed:  "select postern.create_session_key('o''ld', decode(repeat('ab', 32), 'hex')); update postern_internal.session_key set database_oid = 1",
			words: "Create a key under another id", act: "select postern.create_session_key('new', decode(repeat('cd', 32), 'hex')); select postern.retire_session_key('o''ld')"},
		{name: "a key of another cluster", code: "moved_session_key", level: "warn", object: "session key o'ld",
			seed:  "select postern.create_session_key('o''ld', decode(repeat('ab', 32), 'hex')); update postern_internal.session_key set system_identifier = 1",
			words: "Create a key under another id", act: "select postern.create_session_key('new', decode(repeat('cd', 32), 'hex')); select postern.retire_session_key('o''ld')"},
		{name: "a login of another cluster", code: "moved_login", level: "warn", object: "login {application}",
			seed:  "select postern.allow_login('{application}'); update postern_internal.allowed_login set system_identifier = 1, role_oid = 1 where db_role = '{application}'",
			words: "Where this role is meant", act: "select postern.allow_login('{application}')"},
		{name: "a login of another cluster, not meant", code: "moved_login", level: "warn", object: "login {application}",
			seed:  "select postern.allow_login('{application}'); update postern_internal.allowed_login set system_identifier = 1, role_oid = 1 where db_role = '{application}'",
			words: "Where this role is meant", act: "select postern.disallow_login('{application}')"},
		{name: "a login of another cluster, no role here", code: "moved_login", level: "warn", object: "login \"o'hara; --\"",
			seed: "insert into postern_internal.allowed_login (db_role, role_oid, system_identifier) values ('o''hara; --', 1, 1)"},
		{name: "off", code: "disabled_checkpoints", level: "warn", object: "setting checkpoints_enabled", also: uncalled, seed: gate + "select postern.set_setting('checkpoints_enabled', 'false')"},
		{name: "no PIN", code: "user_without_pin", level: "warn", object: "user O'HARA", also: uncalled, seed: gate + "select postern.create_user('O''HARA', 'Scarlett')",
			words: "Have an administrator give the user a first PIN", act: "select postern.reset_pin('O''HARA', '739154')"},
		{name: "nobody works as this user", code: "user_without_pin", level: "warn", object: "user ANN", also: uncalled, seed: gate + "select postern.create_user('ANN', 'Ann')",
			words: "Have an administrator give the user a first PIN", act: "select postern.set_user_active('ANN', false)"},
		{name: "a change that nobody judged", code: "change_not_approved", level: "error", object: "entry 4711", seed: "insert into postern_internal.unapproved_change (log_id) values (4711)",
			words: "Read what was changed", act: "delete from postern_internal.unapproved_change where log_id in (4711)"},
		{name: "no administrator can approve", code: "administrator_without_pin", level: "error", object: "setting administration_gate", seed: asksAdministrators},
		{name: "without a user", code: "administrator_without_pin", level: "warn", object: "login {person}", also: oneCan, seed: administrators,
			words: "Have another administrator give the login a user", act: "select postern.create_user('ANN', 'Ann', '{person}'), postern.reset_pin('ANN', '739154'); update postern_internal.credential set must_change = false where userid = 'ANN'"},
		{name: "without a PIN", code: "administrator_without_pin", level: "warn", object: "login {person}", also: oneCan, seed: administrators + "select postern.create_user('ANN', 'Ann', '{person}')",
			words: "Have another administrator give the user a PIN: select postern.reset_pin('ANN', ...)", act: "select postern.reset_pin('ANN', '739154'); update postern_internal.credential set must_change = false where userid = 'ANN'"},
		{name: "with the first PIN", code: "administrator_without_pin", level: "warn", object: "login {person}", also: oneCan, seed: administrators + "select postern.create_user('ANN', 'Ann', '{person}'); select postern.reset_pin('ANN', '739154')",
			words: "Have the user ANN change the PIN", act: "update postern_internal.credential set must_change = false where userid = 'ANN'"},
		{name: "whose user is not active", code: "administrator_without_pin", level: "warn", object: "login {person}", also: oneCan, seed: administrators + "select postern.create_user('ANN', 'Ann', '{person}'); select postern.set_user_active('ANN', false)",
			words: "Have another administrator activate the user", act: "select postern.disallow_login('{person}')"},
		{name: "who may not answer", code: "administrator_without_pin", level: "warn", object: "login {person}", also: oneCan,
			seed:  administrators + "revoke postern_user from {person}; select postern.create_user('ANN', 'Ann', '{person}'); select postern.reset_pin('ANN', '739154'); update postern_internal.credential set must_change = false where userid = 'ANN'",
			words: "Let the login answer: grant postern_user to {person}", act: "grant postern_user to {person}"},
		{name: "redundant words", code: "gate_message", level: "warn", object: "gate SHOP_APPROVE", also: uncalled, seed: "select postern.register_gate('SHOP_APPROVE', 'Approve', 'User &USER_ID passed the checkpoint', '{USER_ID}')",
			words: "Say what happened", act: "select postern.set_gate_message('SHOP_APPROVE', 'Voucher approved')"},
		{name: "lets pass", code: "changed_gate", level: "error", object: "gate SHOP_APPROVE", also: uncalled, seed: gate + "update postern_internal.gate set stops = false where not built_in"},
		{name: "stops", code: "changed_gate", level: "warn", object: "gate SHOP_APPROVE", also: uncalled, seed: gate + "select postern.set_gate_active('SHOP_APPROVE', false); update postern_internal.gate set stops = true where not built_in"},
		{name: "shows another message", code: "changed_gate", level: "error", object: "gate SHOP_APPROVE", also: uncalled,
			seed: "select postern.register_gate('SHOP_APPROVE', 'Approve', '100 % of &NO&AMOUNTS for && %1$s', '{NO,AMOUNT}'); update postern_internal.gate set message_template = '100 %% of %1$d %99$s% for %' where not built_in"},
		{name: "opens by a ticket of its own", code: "changed_gate", level: "error", object: "gate SHOP_APPROVE", also: uncalled, seed: gate + "update postern_internal.gate set built_in = true, exclusive = true"},

		{name: "looks alike", code: "look_alike_user", level: "warn", object: "user \u0410LICE0", seed: "select postern.create_user('ALICEO', 'Alice'); select postern.create_user(U&'\\0410LICE0', 'Not Alice')",
			words: "Find out who each of them is", act: "select postern.set_user_active(U&'\\0410LICE0', false)"},
		{name: "looks alike in small letters", code: "look_alike_user", level: "warn", object: "user bil1", seed: "select postern.create_user('bill', 'Bill'); select postern.create_user('bil1', 'Not Bill')",
			words: "Find out who each of them is", act: "select postern.set_user_active('bill', false)"},

		{name: "nothing is queued", code: "event_backlog", level: "warn", object: "event action told", also: uncalled, seed: gate + untold,
			words: "Have a worker run", act: "select postern.claim_event_deliveries('told', 100, gen_random_uuid(), 60)"},
		{name: "nothing is delivered", code: "event_backlog", level: "warn", object: "event action told", also: uncalled,
			seed:  gate + "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); insert into postern_internal.event_delivery (event_action_id, log_id, due_at) select event_action_id, 1, now() - interval '1 hour' from postern_internal.event_action",
			words: "Have a worker run", act: "select postern.remove_event_action('told')"},
		{name: "the receiver is gone", code: "disabled_event_action", level: "warn", object: "event action told",
			seed:  "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', 'https://example.com'), postern.disable_gone_event_action('told', 'https://example.com', 'status 410')",
			words: "If the receiver is back", act: "select postern.enable_event_action('told')"},
		{name: "events of another cluster", code: "moved_event", level: "warn", object: "event SECURITY_CHECKPOINT_SUCCESS",
			seed:  "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'), postern.add_event_action('also', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); update postern_internal.event_action set place.system_identifier = 1",
			words: "Where this is production now", act: "select postern.set_event_enabled('SECURITY_CHECKPOINT_SUCCESS', true)"},
		{name: "events of another database", code: "moved_event", level: "warn", object: "event SECURITY_CHECKPOINT_SUCCESS",
			seed:  "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); update postern_internal.event_action set place.database_oid = 1",
			words: "Where this is production now", act: "select postern.set_event_enabled('SECURITY_CHECKPOINT_SUCCESS', false)"},
		{name: "events that were restored", code: "moved_event", level: "warn", object: "event SECURITY_CHECKPOINT_SUCCESS",
			seed:  "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); update postern_internal.event_action set place.log_oid = 1",
			words: "Where this is production now", act: "select postern.remove_event_action('told')"},
		{name: "no partition", code: "missing_log_partition", level: "warn", object: "log", seed: "do $$ begin execute 'drop table ' || (select partition from postern_internal.log_months() where since > now() limit 1)::text; end $$"},
		{name: "combinations that are not folded", code: "overdue_upkeep", level: "warn", object: "posting combinations of company \"10\"",
			seed: "select postern.posting_combination_id('10', n::text) from generate_series(1, 10001) as n"},
		{name: "old tickets", code: "overdue_upkeep", level: "warn", object: "expired tickets",
			seed: "insert into postern_internal.ticket (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, expires_at) select gen_random_uuid(), n::text, 'denied', '-infinity', 'ANN', 'ANN', 'PIN', 'SHOP_APPROVE', false, '', '{}', '', now() - interval '2 days' from generate_series(1, 10000) as n"},
		{name: "old deliveries", code: "overdue_upkeep", level: "warn", object: "event deliveries",
			seed: "select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'told'); insert into postern_internal.event_delivery (event_action_id, log_id, state, finished_at) select event_action_id, n, 'delivered', now() - interval '40 days' from postern_internal.event_action, generate_series(1, 10000) as n"},
		{name: "an entry that nobody has sealed", code: "overdue_seal", level: "warn", object: "log", also: uncalled,
			seed:  gate + "update postern_internal.sealing set tree_size = 1; insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at) values ('passed', 'SHOP_APPROVE', 'ANN', 'Passed', '{}', now() - interval '2 hours'); select postern.create_log_partitions()",
			words: "Have a sealer run", act: "insert into postern_internal.leaf (leaf_number, log_id, hashes) select row_number() over (order by log_id) - 1, log_id, sha256('') from postern_internal.checkpoint_entry"},
		{name: "entries without a partition", code: "missing_log_partition", level: "warn", object: "log", also: uncalled,
			seed: gate + "set session_replication_role = replica; insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, message, parameters, logged_at) values ('passed', 'SHOP_APPROVE', 'ANN', 'Passed', '{}', '2001-02-03'); reset session_replication_role"},
	}
}

// The fix removes only the action of a key.
func TestFixOfAKeyRemovesOnlyItsAction(t *testing.T) {
	s := newScene(t, "voucher", "supplier")
	Run(t, s.Pool, s.fill(`
create table shop.{other} (a integer, b integer, primary key (b, a));
create table shop.{table} (company text, b integer, a integer);
insert into shop.{table} values ('10', 1, 1);
alter table shop.{table}
  add constraint first foreign key (b, a) references shop.{other} match full on delete restrict on update set null deferrable initially deferred not valid,
  add constraint second foreign key (a, b) references shop.{other} (a, b) on update restrict on delete set default (b) deferrable not valid;
delete from shop.{table};
alter table shop.{table} validate constraint second;
`+company))
	for _, one := range s.findings(t) {
		Run(t, s.Pool, one.Fix)
	}
	s.requireFindings(t)
	got := Values[string](t, s.Pool, "select conname || ' ' || pg_catalog.pg_get_constraintdef(oid) from pg_catalog.pg_constraint where conname in ('first', 'second') order by conname")
	want := []string{
		"first FOREIGN KEY (b, a) REFERENCES shop.supplier(b, a) MATCH FULL ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED NOT VALID",
		"second FOREIGN KEY (a, b) REFERENCES shop.supplier(a, b) ON UPDATE RESTRICT DEFERRABLE",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the keys are %q, want %q", got, want)
	}
}

// elsewhere are checks whose fault cannot be caused here, and where they are tested.
var elsewhere = map[string]string{
	"server_version":      "TestOldMinorReleasesListTheirCVEs",
	"gates_unread":        "TestViewReportsStaleGateReadings",
	"gate_not_registered": gateTest,
	"gate_not_called":     gateTest,
	"gate_not_referenced": gateTest,
	"gate_unreadable":     gateTest,
	"gate_swallowed":      gateTest,
	"gate_late":           gateTest,
	"ungated_write":       "TestUngatedWriteIsFoundAndFixed",
}

const gateTest = "TestGateCallsAreComparedWithRegistrations"

func TestEachFaultIsFoundAndFixed(t *testing.T) {
	names := []struct{ kind, table, other string }{
		{"plain", "voucher", "voucher_10"},
		{"hostile", "we\"ird'; drop schema shop cascade; --\n\t\\ \u202e (select", "Größe \x1b[2J $$ E'\n"},
	}
	tested := map[string]bool{}
	for _, f := range faults() {
		tested[f.code] = true
	}
	for _, n := range names {
		clean := newScene(t, n.table, n.other)
		clean.requireFindings(t)
		for _, f := range faults() {
			if n.kind == "hostile" && !strings.Contains(f.seed, "{table}") && !strings.Contains(f.seed, "{other}") {
				continue
			}
			t.Run(f.code+"/"+f.name+"/"+n.kind, func(t *testing.T) {
				var s *scene
				if f.commits {
					s = newScene(t, n.table, n.other)
				} else {
					s = clean.begin(t)
				}
				Run(t, s.q, s.fill(f.seed))
				if f.before > 0 && Value[int](t, s.q, "select current_setting('server_version_num')::integer / 10000") >= f.before {
					s.requireFindings(t)
					return
				}
				found := s.findings(t)
				var own []finding
				for _, one := range found {
					if one.Code == f.code {
						own = append(own, one)
					} else if !slices.Contains(f.also, one.Code) {
						t.Errorf("found as well: %+v", one)
					}
				}
				if len(own) != 1 {
					t.Fatalf("found %d of it: %+v", len(own), own)
				}
				one, object := own[0], f.object
				if object == "" {
					object = "table shop.{table}"
				}
				if !strings.HasPrefix(one.Object, s.fill(object)) || one.Level != f.level || one.Title == "" {
					t.Errorf("found %+v, want the level %s and an object that begins with %s", one, f.level, s.fill(object))
				}
				if !strings.HasSuffix(one.Detail, ". See docs/doctor/"+f.code+".md.") {
					t.Errorf("the detail is %q", one.Detail)
				}
				if strings.ContainsAny(one.Fix, "\n\t\x1b\u202e") {
					t.Errorf("the fix cannot be pasted: %q", one.Fix)
				}
				if n.kind == "plain" && !f.commits {
					s.requireAlikeQuoted(t, found)
				}
				before := s.rows(t)
				if f.words == "" {
					Run(t, s.q, one.Fix)
				} else if !strings.HasPrefix(one.Fix, s.fill(f.words)) {
					t.Errorf("the fix is %q", one.Fix)
				} else {
					Run(t, s.q, s.fill(f.act))
				}
				for _, left := range s.findings(t) {
					if left.Code == f.code || !slices.Contains(f.also, left.Code) {
						t.Errorf("after the fix %q, doctor still finds %+v", one.Fix, left)
					}
				}
				if after := s.rows(t); after != before {
					t.Errorf("%d rows before the fix, %d after it", before, after)
				}
			})
		}
		clean.requireFindings(t)
	}
	for _, code := range checks(t, testdb.New(t).Pool) {
		if !tested[code] && elsewhere[code] == "" {
			t.Errorf("no test makes the fault of %s", code)
		}
	}
}

// requireAlikeQuoted wants the same findings except for quotes around names that do not need them. A list of names may
// then be in another order.
func (s *scene) requireAlikeQuoted(t *testing.T, want []finding) {
	t.Helper()
	Run(t, s.q, "set local quote_all_identifiers = on")
	got := s.findings(t)
	Run(t, s.q, "set local quote_all_identifiers = off")
	unquoted := func(found []finding) (lines []string) {
		for _, one := range found {
			words := strings.Fields(strings.NewReplacer("\"", "", ",", " ", ";", " ").Replace(one.Code + " " + one.Object + " " + one.Detail + " " + one.Fix))
			slices.Sort(words)
			lines = append(lines, strings.Join(words, " "))
		}
		slices.Sort(lines)
		return lines
	}
	if got, want := unquoted(got), unquoted(want); !slices.Equal(got, want) {
		t.Errorf("with quotes found %q, want %q", got, want)
	}
}

// checks are the codes of all checks: the views that postern.doctor reads, and the functions that take the reading of
// gates.
func checks(t *testing.T, q Querier) []string {
	t.Helper()
	return Values[string](t, q, `
select c.relname::text as code
  from pg_catalog.pg_rewrite as w
  join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
                                and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  join pg_catalog.pg_class as c on c.oid = d.refobjid
 where w.ev_class in ('postern.doctor'::pg_catalog.regclass, 'postern.catalog_findings'::pg_catalog.regclass)
   and c.relnamespace = 'postern_internal'::pg_catalog.regnamespace
   and exists (select from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attname = 'fix')
union
select p.proname::text
  from pg_catalog.pg_proc as p
 where p.pronamespace = 'postern_internal'::pg_catalog.regnamespace and p.proargnames @> array['callers', 'fix']
 order by code`)
}

// scene is a database with the schemas shop and another one, and three roles.
type scene struct {
	*testdb.Database
	// q is the pool, or a transaction of it.
	q        Querier
	replacer *strings.Replacer
}

func newScene(t *testing.T, table, other string) *scene {
	t.Helper()
	database := testdb.New(t)
	application, person, group := database.Login(t, "postern_app"), database.Login(t), database.Login(t)
	quoted := func(name string) string {
		if name == strings.ToLower(name) && !strings.ContainsAny(name, "\"' ") {
			return name
		}
		return pgx.Identifier{name}.Sanitize()
	}
	literal := func(name string) string { return strings.ReplaceAll(quoted(name), "'", "''") }
	s := &scene{database, database.Pool, strings.NewReplacer("{table}", quoted(table), "{other}", quoted(other), "{name}", literal(table), "{othername}", literal(other),
		"{schema}", "\"other schema\"", "{string}", strings.ReplaceAll(table, "'", "''"), "{escaped}", strings.ReplaceAll(quoted(table), "'", "''"), "{unprotectable}", "money",
		"{superuser}", Value[string](t, database.Pool, "select pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(10))"), "{application}", application.Name, "{person}", person.Name, "{group}", group.Name, "{database}", database.Name)}
	Run(t, database.Pool, s.fill(`
create schema shop;
create schema {schema};
create domain shop.firm_name as text;
alter role {group} nologin;
grant create, usage on schema shop, {schema} to {group};
select postern.create_company('10', 'Ten')`))
	return s
}

// begin runs the scene in a transaction that is rolled back at the end of the test, which undoes what a fault does to
// the database and to the cluster. Each read of postern.doctor on the same connection reuses the first plan, which
// takes longer to make than to run.
func (s *scene) begin(t *testing.T) *scene {
	t.Helper()
	tx, err := s.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if tx.Conn().PgConn().TxStatus() == 'I' {
			t.Error("the transaction of the scene has ended already, so what happened in it stays for the next test")
		}
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &scene{s.Database, tx, s.replacer}
}

func (s *scene) fill(sql string) string { return s.replacer.Replace(sql) }

type finding = query.Finding

func (s *scene) findings(t *testing.T) []finding { return findings(t, s.q) }

func (s *scene) requireFindings(t *testing.T) {
	t.Helper()
	if found := s.findings(t); len(found) > 0 {
		t.Fatalf("found before there is a fault: %+v", found)
	}
}

func findings(t *testing.T, q Querier) []finding {
	t.Helper()
	return withoutServers(t, view(t, q))
}

func view(t *testing.T, q Querier) []finding {
	t.Helper()
	rows, err := q.Query(t.Context(), "select level, code, object, title, detail, fix from postern.doctor order by level, code, object, fix")
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[finding])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// examine runs the command.
func examine(t *testing.T, connection *pgx.Conn) (found []finding, notKept error) {
	t.Helper()
	report, err := doctor.Find(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	return withoutServers(t, report.Findings), report.NotKept
}

// withoutServers omits findings about the server that runs these tests, such as an old minor release.
func withoutServers(t *testing.T, found []finding) []finding {
	t.Helper()
	accepted := testdb.ServerFindings(t)
	return slices.DeleteFunc(found, func(one finding) bool {
		return slices.Contains(accepted, acceptance.Key{Name: one.Code, Object: one.Object})
	})
}

// rows counts the rows of all tables of the application.
func (s *scene) rows(t *testing.T) (count int64) {
	t.Helper()
	for _, table := range Values[string](t, s.q, "select pg_catalog.format('%I.%I', schemaname, tablename) from pg_catalog.pg_tables where schemaname in ('shop', 'other schema')") {
		count += Value[int64](t, s.q, "select count(*) from "+table)
	}
	return count
}
