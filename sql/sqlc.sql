-- Made by `make generate` from an installation; see tests/verify/sqlc.sql.

create schema authorize_comb_finance_api;
create schema fnd_session_api;
create schema int_led_auth_comb_finance_api;
create schema message_sys;
create schema postern;
create schema postern_internal;
create schema sec_checkpoint_gate_api;
create schema security_sys;
create schema user_finance_api;
create table postern.allowed_login (
  db_role name,
  state text,
  allowed_at timestamp with time zone,
  allowed_by name);
create table postern.catalog_findings (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern.doctor (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern.posting_combination (
  company text not null,
  posting_combination_id bigint not null,
  code_a text not null,
  code_b text,
  code_c text,
  code_d text,
  code_e text,
  code_f text,
  code_g text,
  code_h text,
  code_i text,
  code_j text);
create table postern.protection_fault (
  schema_name name,
  table_name name,
  fault text,
  gate_id text);
create table postern_internal.action (
  action text not null,
  checkpoint text,
  legacy_checkpoints text[] not null,
  registered_at timestamp with time zone not null);
create table postern_internal.admin_application (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.administering_login (
  oid oid,
  rolname name,
  rolsuper boolean,
  userid text,
  may_answer boolean,
  asks_session boolean);
create table postern_internal.administrator_without_pin (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.all_data_role (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.allowed_login (
  db_role name not null,
  role_oid oid not null,
  system_identifier bigint not null,
  allowed_at timestamp with time zone not null,
  allowed_by name not null);
create table postern_internal.application_login (
  oid oid,
  rolname name);
create table postern_internal.application_owns_table (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.application_setting (
  rolname name,
  alter text,
  settings jsonb);
create table postern_internal.authority_class (
  class_id bigint not null,
  company text not null,
  ledger_id text,
  class text not null,
  built_in boolean not null,
  revision bigint not null);
create table postern_internal.authority_combination (
  rule_id bigint not null,
  class_id bigint not null,
  allowed boolean not null,
  patterns text[] not null);
create table postern_internal.authority_map (
  class_id bigint not null,
  first_id bigint not null,
  compiled_offset integer not null,
  bits bytea not null);
create table postern_internal.bypassing_membership (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.bypassing_role (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.changed_guard (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.changed_protection (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.checkpoint_entry (
  log_id bigint not null,
  outcome postern_internal.outcome not null,
  gate_id text not null,
  action text,
  userid text,
  authenticated_by text,
  logged_at timestamp with time zone not null,
  message text not null,
  parameters jsonb not null,
  comment text,
  scheme text,
  session_role name not null,
  client_addr inet,
  application_name text not null,
  transaction_id xid8 not null,
  ticket uuid,
  asked boolean not null,
  approved_gate_id text,
  approved_message text,
  assertion text,
  salt uuid not null,
  salts bytea[],
  redactions bigint[]);
create table postern_internal.combination_block (
  first_id bigint not null,
  size integer not null,
  company text,
  given integer not null,
  counted boolean not null,
  folded integer not null,
  made_in xid8 not null);
create table postern_internal.company (
  company text not null,
  name text not null,
  created_at timestamp with time zone not null,
  row_level_security boolean not null);
create table postern_internal.company_column (
  relation oid,
  relkind "char",
  relowner oid,
  relacl aclitem[],
  relrowsecurity boolean,
  attnum smallint,
  attname name,
  atttypid oid,
  atttypmod integer,
  attcollation oid,
  is_protectable boolean,
  typcategory "char");
create table postern_internal.company_user (
  userid text not null,
  company text not null,
  is_default boolean not null,
  class_id bigint);
create table postern_internal.credential (
  first_filler uuid not null,
  userid text not null,
  hash text,
  must_change boolean not null,
  changed_at timestamp with time zone,
  changed_by name,
  failures integer not null,
  lockouts integer not null,
  locked_until timestamp with time zone not null,
  denials integer not null,
  denials_since timestamp with time zone not null,
  cancels integer not null,
  cancels_since timestamp with time zone not null,
  unlocked_at timestamp with time zone,
  totp_secret bytea,
  totp_pending bytea,
  totp_step bigint not null,
  passkey_counts bigint[] not null,
  last_filler uuid not null);
create table postern_internal.current_gate_reading (
  callers jsonb,
  is_current boolean,
  read_at timestamp with time zone,
  read_by name);
create table postern_internal.definer_function (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.end_user (
  userid text not null,
  folded text not null,
  description text not null,
  db_role name,
  active boolean not null,
  created_at timestamp with time zone not null);
create table postern_internal.error_logging (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.event (
  event text not null,
  outcome postern_internal.outcome not null,
  description text not null,
  enabled boolean not null);
create table postern_internal.event_action (
  event_action_id integer not null,
  name text not null,
  event text not null,
  kind postern_internal.event_action_kind not null,
  target text not null,
  condition text,
  template text,
  allow_internal boolean not null,
  queued_to pg_snapshot not null,
  queued_at timestamp with time zone not null,
  after_log_id bigint not null,
  place postern_internal.place not null,
  disabled_at timestamp with time zone,
  disabled_reason text,
  created_at timestamp with time zone not null,
  created_by name not null);
create table postern_internal.event_backlog (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.event_delivery (
  event_action_id integer not null,
  log_id bigint not null,
  delivery_id uuid not null,
  state postern_internal.delivery_state not null,
  attempts integer not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone not null,
  lease uuid,
  finished_at timestamp with time zone,
  last_error text);
create table postern_internal.foreign_key_action (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.foreign_table (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.gate (
  gate_id text not null,
  description text not null,
  message text not null,
  message_template text not null,
  parameters text[] not null,
  unbound_parameters text[] not null,
  active boolean not null,
  built_in boolean not null,
  stops boolean not null,
  exclusive boolean not null,
  schemes text[],
  message_administered boolean not null,
  active_administered boolean not null,
  registered_at timestamp with time zone not null);
create table postern_internal.gate_reading (
  only_row boolean not null,
  fingerprint text not null,
  callers jsonb not null,
  read_at timestamp with time zone not null,
  read_by name not null);
create table postern_internal.gates_unread (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.guarded_relation (
  relation oid,
  place text,
  recorded oid,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text,
  exclusive boolean,
  relkind "char",
  relowner oid,
  identity text,
  object text,
  guard oid,
  recorded_identity text,
  guard_again text);
create table postern_internal.guarded_table (
  relation oid,
  identity text,
  relowner oid);
create table postern_internal.installation (
  installation_id bigint not null,
  version text not null,
  schema_version integer not null,
  schema_sha256 text not null,
  code_sha256 text not null,
  code_objects text[] not null,
  built_at timestamp with time zone,
  server_major integer not null,
  installed_at timestamp with time zone not null,
  installed_by name not null);
create table postern_internal.leaf (
  leaf_number bigint not null,
  log_id bigint not null,
  hashes bytea not null);
create table postern_internal.ledger (
  company text not null,
  ledger_id text not null,
  created_at timestamp with time zone not null);
create table postern_internal.ledger_user (
  userid text not null,
  company text not null,
  ledger_id text not null,
  class_id bigint);
create table postern_internal.log_drop (
  log_drop_id bigint not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  dropped_at timestamp with time zone not null,
  dropped_by name not null);
create table postern_internal.log_export (
  log_export_id bigint not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  tree_size bigint not null,
  exported_at timestamp with time zone not null,
  exported_by name not null);
create table postern_internal.logical_replication (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.materialized_view (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.missing_ledger_key (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.missing_membership (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.moved_event (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.moved_event_action (
  event_action_id integer);
create table postern_internal.moved_login (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.moved_session_key (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.no_permissive_policy (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.open_gate (
  nonce text not null,
  ticket uuid not null,
  transaction_id xid8 not null,
  opened_at timestamp with time zone not null,
  userid text not null,
  authenticated_by text not null,
  scheme text not null,
  comment text,
  gate_id text not null,
  exclusive boolean not null,
  action text,
  digest bytea not null,
  parameters text not null,
  message text not null,
  session_role name not null,
  expires_at timestamp with time zone not null,
  session text not null,
  passed boolean not null,
  guarded boolean not null,
  salt uuid not null,
  action_begun boolean not null);
create table postern_internal.owner_membership (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.passkey (
  userid text not null,
  number integer not null,
  passkey_id bytea not null,
  public_key bytea not null,
  name text not null,
  created_at timestamp with time zone not null);
create table postern_internal.policy_per_row (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.protected_relation (
  relation oid,
  place text,
  recorded oid,
  protection text,
  company_column name,
  combination_column name,
  ledger_column name,
  policy name,
  relowner oid,
  relrowsecurity boolean,
  relforcerowsecurity boolean,
  identity text,
  protect_again text);
create table postern_internal.protected_table (
  schema_name name not null,
  table_name name not null,
  protection text not null,
  company_column name,
  combination_column name,
  ledger_column name,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text,
  exclusive boolean,
  protected_by name not null,
  protected_at timestamp with time zone not null);
create table postern_internal.replication_role (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.role_membership (
  member oid,
  roleid oid,
  last_member oid);
create table postern_internal.row_function (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.schema_version (
  version integer not null);
create table postern_internal.scheme (
  scheme text not null,
  verify_function text,
  enabled boolean not null);
create table postern_internal.sealing (
  only_row boolean not null,
  tree_size bigint not null,
  snapshot pg_snapshot,
  place postern_internal.place);
create table postern_internal.server_key (
  purpose text not null,
  inner_pad bytea not null,
  outer_pad bytea not null);
create table postern_internal.session_key (
  kid text not null,
  inner_pad bytea not null,
  outer_pad bytea not null,
  created_at timestamp with time zone not null,
  created_by name not null,
  retired_at timestamp with time zone,
  system_identifier bigint not null,
  database_oid oid not null,
  table_oid oid not null);
create table postern_internal.session_secret (
  secret bytea not null);
create table postern_internal.session_setting (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.setting (
  name text not null,
  value text not null,
  kind text not null,
  minimum integer,
  maximum integer,
  default_value text not null,
  description text not null);
create table postern_internal.stale_protection (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.statement_logging (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.table_privilege (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.ticket (
  ticket uuid not null,
  nonce text not null,
  verdict postern_internal.verdict not null,
  locked_until timestamp with time zone not null,
  userid text not null,
  authenticated_by text not null,
  scheme text not null,
  comment text,
  gate_id text not null,
  exclusive boolean not null,
  action text,
  digest bytea not null,
  parameters text not null,
  message text not null,
  session_role name not null,
  transaction_id xid8 not null,
  expires_at timestamp with time zone not null,
  salt uuid not null);
create table postern_internal.tree_head (
  tree_size bigint not null,
  root_hash bytea not null,
  note text not null,
  signed_at timestamp with time zone not null);
create table postern_internal.trigger_switch (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unapproved_change (
  log_id bigint not null);
create table postern_internal.unforced_row_security (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unlisted_protection (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unpinned_search_path (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unprotectable_company (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unprotected_company (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unprotected_parent (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.unprotected_partition (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.view_without_security_invoker (
  level text,
  code text,
  object text,
  title text,
  detail text,
  fix text);
create table postern_internal.webhook_secret (
  webhook_secret_id integer not null,
  event_action_id integer not null,
  secret bytea not null,
  expires_at timestamp with time zone);
create table postern_internal.working_login (
  oid oid,
  rolname name);
create function authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) returns text language sql return null;
create function authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) returns text language sql return null;
create function fnd_session_api.get_fnd_user() returns text language sql return null;
create function int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) returns text language sql return null;
create function message_sys.construct(name text) returns text language sql return null;
create function message_sys.find_attribute(message text, name text, default_value text) returns text language sql return null;
create function message_sys.get_attributes(message text) returns TABLE("position" integer, name text, value text) language sql return null;
create function message_sys.get_name(message text) returns text language sql return null;
create function postern.access_impact(changes jsonb) returns TABLE(effect text, kind text, userid text, company text, ledger_id text, name text, combinations bigint, of_combinations bigint, reason text) language sql return null;
create function postern.access_report(after_userid text DEFAULT NULL::text, users integer DEFAULT 1000) returns TABLE(userid text, access jsonb) language sql return null;
create function postern.access_report_head() returns jsonb language sql return null;
create function postern.add_authority_combination(company text, class text, allowed boolean, code_a text DEFAULT '%'::text, code_b text DEFAULT '%'::text, code_c text DEFAULT '%'::text, code_d text DEFAULT '%'::text, code_e text DEFAULT '%'::text, code_f text DEFAULT '%'::text, code_g text DEFAULT '%'::text, code_h text DEFAULT '%'::text, code_i text DEFAULT '%'::text, code_j text DEFAULT '%'::text) returns bigint language sql return null;
create function postern.add_event_action(name text, event text, kind text, target text, condition text DEFAULT NULL::text, template text DEFAULT NULL::text, allow_internal boolean DEFAULT false) returns text language sql return null;
create function postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text DEFAULT '%'::text, code_b text DEFAULT '%'::text, code_c text DEFAULT '%'::text, code_d text DEFAULT '%'::text, code_e text DEFAULT '%'::text, code_f text DEFAULT '%'::text, code_g text DEFAULT '%'::text, code_h text DEFAULT '%'::text, code_i text DEFAULT '%'::text, code_j text DEFAULT '%'::text) returns bigint language sql return null;
create function postern.add_message_attribute(message text, name text, value text) returns text language sql return null;
create function postern.add_passkey(passkey_id bytea, public_key bytea, name text) returns void language sql return null;
create function postern.allow_login(db_role name) returns void language sql return null;
create function postern.append_leaves(log_ids bigint[], hashes bytea[]) returns bigint language sql return null;
create function postern.assume_user(userid text) returns text language sql return null;
create function postern.assume_user(userid text, ticket uuid) returns text language sql return null;
create function postern.authenticate(challenge text, username text, response text, comment text DEFAULT NULL::text, scheme text DEFAULT 'PIN'::text) returns uuid language sql return null;
create function postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) returns record language sql return null;
create function postern.begin_action(action text, parameters jsonb DEFAULT '{}'::jsonb) returns void language sql return null;
create function postern.begin_sealing(confirmed_timeline bigint DEFAULT NULL::bigint, confirmed_database text DEFAULT NULL::text) returns TABLE(tree_size bigint, snapshot pg_snapshot, is_new_place boolean) language sql return null;
create function postern.begin_session(token text) returns text language sql return null;
create function postern.begin_session(token text, ticket uuid) returns text language sql return null;
create function postern.bypassing_functions() returns TABLE(function oid, tables text, functions text, suitable_owner oid) language sql return null;
create function postern.call_event_function(name text, lease uuid, log_id bigint, version text DEFAULT NULL::text) returns text language sql return null;
create function postern.cancel(challenge text, comment text DEFAULT NULL::text) returns void language sql return null;
create function postern.challenge(gate_id text, parameters jsonb DEFAULT '{}'::jsonb) returns text language sql return null;
create function postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[] DEFAULT '{}'::bigint[]) returns void language sql return null;
create function postern.change_event_action(name text, event text, kind text, target text, condition text DEFAULT NULL::text, template text DEFAULT NULL::text, allow_internal boolean DEFAULT false) returns text language sql return null;
create function postern.check_allowed_login(role name) returns boolean language sql return null;
create function postern.check_guard(target regclass, gate_id text, operations text[], columns name[], parameters jsonb, condition text) returns void language sql return null;
create function postern.checkpoint(gate_id text, parameters jsonb DEFAULT '{}'::jsonb) returns void language sql return null;
create function postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone) returns SETOF jsonb language sql return null;
create function postern.columns_of_other_types(target regclass) returns name[] language sql return null;
create function postern.company_is_indexed(target regclass) returns boolean language sql return null;
create function postern.compile_authority_maps() returns bigint language sql return null;
create function postern.conditions_once_a_query(policy oid, functions oid[]) returns text language sql return null;
create function postern.confirm_event_timeline(timeline bigint DEFAULT NULL::bigint) returns void language sql return null;
create function postern.confirm_totp() returns void language sql return null;
create function postern.construct_message(name text) returns text language sql return null;
create function postern.count_outcomes(since pg_snapshot, OUT until pg_snapshot, OUT passed bigint, OUT denied bigint, OUT locked bigint, OUT refused bigint, OUT cancelled bigint, OUT administered bigint) returns record language sql return null;
create function postern.create_authority_class(company text, class text) returns void language sql return null;
create function postern.create_company(company text, name text) returns void language sql return null;
create function postern.create_ledger(company text, ledger_id text) returns void language sql return null;
create function postern.create_ledger_class(company text, ledger_id text, class text) returns void language sql return null;
create function postern.create_log_partitions(maximum_moved bigint DEFAULT 10000) returns integer language sql return null;
create function postern.create_session_key(kid text, secret bytea) returns void language sql return null;
create function postern.create_user(userid text, description text, db_role name DEFAULT NULL::name) returns void language sql return null;
create function postern.current_companies() returns TABLE(company text) language sql return null;
create function postern.current_company_numbers() returns TABLE(company bigint) language sql return null;
create function postern.current_company_uuids() returns TABLE(company uuid) language sql return null;
create function postern.current_userid() returns text language sql return null;
create function postern.disable_gone_event_action(name text, target text, reason text) returns boolean language sql return null;
create function postern.disallow_login(db_role name) returns void language sql return null;
create function postern.drop_log(before timestamp with time zone, timeout interval DEFAULT '00:00:10'::interval) returns TABLE(month text, first_leaf bigint, last_leaf bigint, reason text) language sql return null;
create function postern.enable_event_action(name text) returns void language sql return null;
create function postern.end_sealing() returns void language sql return null;
create function postern.enrol_totp() returns text language sql return null;
create function postern.entry_redactions(redactions bigint[]) returns jsonb language sql return null;
create function postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text DEFAULT NULL::text, OUT allowed boolean, OUT reason text, OUT class text, OUT rule_id bigint, OUT code_part text, OUT pattern text, OUT value text) returns record language sql return null;
create function postern.explain_guards(target regclass DEFAULT NULL::regclass, error text DEFAULT NULL::text) returns TABLE(schema_name name, table_name name, gate_id text, operation text, asks boolean, explanation text) language sql return null;
create function postern.find_message_attribute(message text, name text) returns text language sql return null;
create function postern.finding_detail(detail text, code text) returns text language sql return null;
create function postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) returns bigint language sql return null;
create function postern.functions_per_row(policy oid) returns TABLE(function oid, takes_column boolean) language sql return null;
create function postern.gate_findings(callers jsonb) returns SETOF postern.catalog_findings language sql return null;
create function postern.gate_fingerprint() returns text language sql return null;
create function postern.grant_company(userid text, company text, is_default boolean DEFAULT false) returns void language sql return null;
create function postern.grant_ledger(company text, ledger_id text, userid text) returns void language sql return null;
create function postern.guard_arguments(target regclass, gate_id text, operations text[], parameters jsonb, OUT sorted_operations text[], OUT sources jsonb) returns record language sql return null;
create function postern.guard_body(target regclass, gate_id text, operations text[], columns name[], parameters jsonb, condition text) returns text language sql return null;
create function postern.guard_columns(columns name[], parameters jsonb) returns name[] language sql return null;
create function postern.guard_is_in_place(relation regclass, gate_id text, operation text, called regprocedure) returns boolean language sql return null;
create function postern.guard_name(gate_id text, suffix text) returns name language sql return null;
create function postern.guard_query(operation text, old_rows text, new_rows text, columns name[], parameters jsonb, condition text, other_types name[]) returns text language sql return null;
create function postern.guard_settings() returns text[] language sql return null;
create function postern.guard_statement(target text, gate_id text, operations text[], columns name[], parameters jsonb, condition text, exclusive boolean) returns text language sql return null;
create function postern.guard_stops(gate_id text) returns boolean language sql return null;
create function postern.guarded_move(relation regclass, gate_id text) returns text language sql return null;
create function postern.guarded_move_arguments(relation regclass, gate_id text, columns name[]) returns text[] language sql return null;
create function postern.guarded_move_is_in_place(relation regclass, gate_id text, columns name[]) returns boolean language sql return null;
create function postern.has_new_combinations() returns boolean language sql return null;
create function postern.highest_log_id() returns bigint language sql return null;
create function postern.internal_ledger_map() returns bytea language sql return null;
create function postern.internal_ledger_offsets() returns jsonb language sql return null;
create function postern.is_code_string_allowed(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) returns boolean language sql return null;
create function postern.is_combination_allowed(company text, posting_combination_id numeric) returns boolean language sql return null;
create function postern.is_company_user(company text, userid text) returns boolean language sql return null;
create function postern.is_current_company_user(company text) returns boolean language sql return null;
create function postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) returns boolean language sql return null;
create function postern.is_new_combination_allowed(company text, posting_combination_id numeric) returns boolean language sql return null;
create function postern.is_new_keyed_combination_allowed(posting_combination_id numeric) returns boolean language sql return null;
create function postern.is_new_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) returns boolean language sql return null;
create function postern.jsonb_to_message(name text, object jsonb) returns text language sql return null;
create function postern.keep_gate_reading(fingerprint text, callers jsonb) returns void language sql return null;
create function postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) returns record language sql return null;
create function postern.ledger_bounds() returns double precision[] language sql return null;
create function postern.ledger_companies() returns name[] language sql return null;
create function postern.ledger_key_is_valid(target regclass) returns boolean language sql return null;
create function postern.ledger_map() returns bytea language sql return null;
create function postern.ledger_map_size() returns bigint language sql return null;
create function postern.ledger_shifts() returns bigint[] language sql return null;
create function postern.lock_configuration() returns void language sql return null;
create function postern.log_gaps() returns TABLE(month timestamp with time zone, entries bigint) language sql return null;
create function postern.log_records(lowest bigint[], highest bigint[]) returns SETOF postern_internal.log_record language sql return null;
create function postern.look_alike_users() returns TABLE(userid text, older text) language sql return null;
create function postern.maintain(maximum_time interval DEFAULT '00:00:01'::interval) returns TABLE(duty text, work text, done bigint, remaining bigint, note text) language sql return null;
create function postern.make_gate_exclusive(gate_id text) returns boolean language sql return null;
create function postern.message_attributes(message text) returns TABLE("position" integer, name text, value text) language sql return null;
create function postern.message_name(message text) returns text language sql return null;
create function postern.message_timestamp(value timestamp with time zone) returns text language sql return null;
create function postern.message_to_jsonb(message text) returns jsonb language sql return null;
create function postern.open_gates(ticket text) returns void language sql return null;
create function postern.open_gates(ticket uuid) returns void language sql return null;
create function postern.open_parents(relations regclass[], policy name) returns text language sql return null;
create function postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot DEFAULT NULL::pg_snapshot) returns refcursor language sql return null;
create function postern.policy_condition(policy oid, is_check boolean) returns text language sql return null;
create function postern.posting_combination_id(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) returns bigint language sql return null;
create function postern.printable_statement(statement text) returns text language sql return null;
create function postern.protect_company(target regclass, company_column name DEFAULT 'company'::name) returns void language sql return null;
create function postern.protect_gate(target regclass, gate_id text, operations text[] DEFAULT '{insert,update,delete}'::text[], columns name[] DEFAULT NULL::name[], parameters jsonb DEFAULT NULL::jsonb, condition text DEFAULT NULL::text, exclusive boolean DEFAULT true) returns void language sql return null;
create function postern.protect_ledger(target regclass, company_column name DEFAULT 'company'::name, combination_column name DEFAULT 'posting_combination_id'::name, ledger_column name DEFAULT NULL::name) returns void language sql return null;
create function postern.protectable_tables(target regclass, with_parent boolean DEFAULT false) returns SETOF regclass language sql return null;
create function postern.protectable_types(argument text) returns regtype[] language sql return null;
create function postern.protecting_tables(relation regclass) returns TABLE(target regclass, protection text, company_column name, combination_column name, ledger_column name) language sql return null;
create function postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) returns record language sql return null;
create function postern.put_guard(relation regclass, gate_id text, operations text[], guard regprocedure) returns void language sql return null;
create function postern.put_guard_function(target regclass, gate_id text, body text) returns regprocedure language sql return null;
create function postern.put_guarded_move(target regclass, gate_id text, columns name[]) returns void language sql return null;
create function postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) returns void language sql return null;
create function postern.reach_guard(gate_id text, rows jsonb) returns void language sql return null;
create function postern.receipts() returns TABLE(log_id bigint, gate_id text, asked boolean, leaf_hash bytea) language sql return null;
create function postern.record_apply(digests text[], created bigint, changed bigint, removed bigint) returns void language sql return null;
create function postern.record_guard(target regclass, gate_id text, operations text[], columns name[], parameters jsonb, condition text, exclusive boolean) returns void language sql return null;
create function postern.record_head(tree_size bigint, root_hash bytea, note text) returns void language sql return null;
create function postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) returns void language sql return null;
create function postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) returns void language sql return null;
create function postern.redact_log(userid text, reason text, keep_content boolean DEFAULT false, maximum integer DEFAULT 1000) returns TABLE(recorded bigint, first_leaf bigint, last_leaf bigint, fields integer[]) language sql return null;
create function postern.redactable_entries(userid text, OUT entries bigint, OUT unsealed bigint, OUT oldest timestamp with time zone, OUT newest timestamp with time zone) returns record language sql return null;
create function postern.redundant_words(message text) returns text language sql return null;
create function postern.register_action(action text, checkpoint text DEFAULT NULL::text, legacy_checkpoints text[] DEFAULT '{}'::text[]) returns void language sql return null;
create function postern.register_gate(gate_id text, description text, message text, parameters text[] DEFAULT '{}'::text[], active boolean DEFAULT false, bound_parameters text[] DEFAULT NULL::text[], exclusive boolean DEFAULT NULL::boolean) returns void language sql return null;
create function postern.register_scheme(scheme text, verify_function regprocedure) returns void language sql return null;
create function postern.remove_action(action text) returns void language sql return null;
create function postern.remove_authority_combination(id bigint) returns void language sql return null;
create function postern.remove_event_action(name text) returns void language sql return null;
create function postern.remove_message_attribute(message text, name text) returns text language sql return null;
create function postern.remove_passkey(userid text, passkey_id bytea) returns void language sql return null;
create function postern.remove_totp(userid text) returns void language sql return null;
create function postern.require_company_user(company text, userid text) returns void language sql return null;
create function postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) returns void language sql return null;
create function postern.require_user_role() returns boolean language sql return null;
create function postern.reset_pin(userid text, new_pin text) returns void language sql return null;
create function postern.resolve_userid(userid text) returns text language sql return null;
create function postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) returns record language sql return null;
create function postern.retire_session_key(kid text) returns void language sql return null;
create function postern.retry_event_deliveries(name text DEFAULT NULL::text, log_id bigint DEFAULT NULL::bigint) returns bigint language sql return null;
create function postern.revoke_company(userid text, company text) returns void language sql return null;
create function postern.revoke_ledger(company text, ledger_id text, userid text) returns void language sql return null;
create function postern.rotate_webhook_secret(name text, overlap_seconds integer DEFAULT 86400) returns text language sql return null;
create function postern.row_security_holes(server_version integer) returns TABLE(cve text, fixed_in text, problem text) language sql return null;
create function postern.same_condition(stored text, wanted text) returns boolean language sql return null;
create function postern.sealed_until() returns TABLE(tree_size bigint, snapshot pg_snapshot) language sql return null;
create function postern.server_finding(version integer) returns TABLE(level text, object text, title text, detail text, fix text) language sql return null;
create function postern.set_company_name(company text, name text) returns void language sql return null;
create function postern.set_event_enabled(event text, enabled boolean) returns void language sql return null;
create function postern.set_gate_active(gate_id text, active boolean) returns void language sql return null;
create function postern.set_gate_message(gate_id text, message text) returns void language sql return null;
create function postern.set_gate_schemes(gate_id text, schemes text[]) returns void language sql return null;
create function postern.set_message_attribute(message text, name text, value text) returns text language sql return null;
create function postern.set_pin(new_pin text) returns void language sql return null;
create function postern.set_row_level_security(company text, enabled boolean) returns void language sql return null;
create function postern.set_scheme_enabled(scheme text, enabled boolean) returns void language sql return null;
create function postern.set_setting(name text, value text) returns void language sql return null;
create function postern.set_user_active(userid text, active boolean) returns void language sql return null;
create function postern.set_user_authority_class(company text, userid text, class text) returns void language sql return null;
create function postern.set_user_db_role(userid text, db_role name) returns void language sql return null;
create function postern.set_user_description(userid text, description text) returns void language sql return null;
create function postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) returns void language sql return null;
create function postern.ticket_status(ticket uuid) returns text language sql return null;
create function postern.unlock_user(userid text) returns void language sql return null;
create function postern.unprotect(target regclass) returns void language sql return null;
create function postern.unprotect_gate(target regclass, gate_id text) returns void language sql return null;
create function postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) returns record language sql return null;
create function postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) returns record language sql return null;
create function postern.user_access(userid text) returns jsonb language sql return null;
create function postern.user_skeleton(userid text, as_written boolean) returns text language sql return null;
create function postern.validate_constraint(target regclass, constraint_name name) returns void language sql return null;
create function postern.verify_entry(log_id bigint) returns void language sql return null;
create function postern.wait_sealed(log_id bigint, timeout interval DEFAULT '00:00:10'::interval) returns boolean language sql return null;
create function postern.waiting_upkeep() returns TABLE(duty text, waiting bigint, since timestamp with time zone) language sql return null;
create function postern.warn_of_open_parents(target regclass, policy name) returns void language sql return null;
create function postern_internal.acting_userid() returns text language sql return null;
create function postern_internal.action_asks(action postern_internal.action) returns boolean language sql return null;
create function postern_internal.action_setting(content text) returns text language sql return null;
create function postern_internal.add_combination(class_id bigint, allowed boolean, patterns text[]) returns bigint language sql return null;
create function postern_internal.add_log_partitions(maximum_moved bigint, timeout interval) returns integer language sql return null;
create function postern_internal.administered_column() returns TABLE(table_name text, column_name text, treatment text) language sql return null;
create function postern_internal.administered_kinds() returns text[] language sql return null;
create function postern_internal.administered_row("row" jsonb) returns jsonb language sql return null;
create function postern_internal.administered_table() returns TABLE(table_name text, kind text, about_column text, not_recorded_because text) language sql return null;
create function postern_internal.administration_event(log_id bigint) returns jsonb language sql return null;
create function postern_internal.allowed_combinations(company text, class_id bigint) returns bigint language sql return null;
create function postern_internal.append_extents() returns void language sql return null;
create function postern_internal.approval_gate(action postern_internal.action, parameters jsonb) returns postern_internal.gate language sql return null;
create function postern_internal.approved_kinds(setting text) returns text[] language sql return null;
create function postern_internal.bcrypt(secret text, hash text) returns text language sql return null;
create function postern_internal.bcrypt_salt() returns text language sql return null;
create function postern_internal.begin_class_change(class_id bigint) returns void language sql return null;
create function postern_internal.block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean) returns SETOF bytea language sql return null;
create function postern_internal.block_ids(company text, first_id bigint, size integer, given integer, counted boolean) returns SETOF integer language sql return null;
create function postern_internal.bytes_to_numeric(bytes bytea) returns numeric language sql return null;
create function postern_internal.canonical_moment(quoted text) returns text language sql return null;
create function postern_internal.canonical_text(parameters jsonb) returns text language sql return null;
create function postern_internal.challenge_expiry() returns timestamp with time zone language sql return null;
create function postern_internal.change_text(kind text, message text, parameters jsonb) returns text language sql return null;
create function postern_internal.change_to_approve(kind text, key jsonb, before jsonb, after jsonb, message text) returns text language sql return null;
create function postern_internal.changed_classes(changes jsonb) returns TABLE(company text, ledger_id text, class text, class_id bigint, change_no bigint, allowed boolean[], patterns text[]) language sql return null;
create function postern_internal.changed_places(changes jsonb) returns TABLE(userid text, company text, ledger_id text, was_in boolean, is_in boolean, old_set bigint, new_set bigint, reason text) language sql return null;
create function postern_internal.check_changes(changes jsonb) returns void language sql return null;
create function postern_internal.check_comment(comment text) returns text language sql return null;
create function postern_internal.check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text, guarded_rows jsonb DEFAULT NULL::jsonb) returns record language sql return null;
create function postern_internal.check_gate_message(message text, names text[]) returns void language sql return null;
create function postern_internal.check_message_name(name text) returns text language sql return null;
create function postern_internal.check_parameters(gate_id text, names text[], parameters jsonb) returns jsonb language sql return null;
create function postern_internal.class_allows(class_id bigint, codes text[]) returns boolean language sql return null;
create function postern_internal.class_conditions(classes integer, class_nos integer[], allowed boolean[], patterns text[]) returns text[] language sql return null;
create function postern_internal.class_patterns(patterns text[]) returns text[] language sql return null;
create function postern_internal.class_rules(class_id bigint, OUT class_nos integer[], OUT allowed boolean[], OUT patterns text[]) returns record language sql return null;
create function postern_internal.code_matches(code text, pattern text) returns boolean language sql return null;
create function postern_internal.code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) returns text[] language sql return null;
create function postern_internal.combination_id(posting_combination_id numeric) returns bigint language sql return null;
create function postern_internal.combination_is_allowed(company text, class_id bigint, posting_combination_id bigint) returns boolean language sql return null;
create function postern_internal.committed_entries(since pg_snapshot, until pg_snapshot, after_log_id bigint, outcome postern_internal.outcome) returns TABLE(log_id bigint, transaction_id xid8) language sql return null;
create function postern_internal.compile_blocks(company text, classes integer, class_nos integer[], allowed boolean[], patterns text[], from_id bigint, to_id bigint) returns TABLE(first_id bigint, ids integer, bits bytea[]) language sql return null;
create function postern_internal.compile_class(class_id bigint) returns void language sql return null;
create function postern_internal.compile_query(classes integer, class_nos integer[], allowed boolean[], patterns text[]) returns text language sql return null;
create function postern_internal.create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone) returns text language sql return null;
create function postern_internal.create_class(company text, ledger_id text, class text, built_in boolean) returns bigint language sql return null;
create function postern_internal.create_webhook_secret(event_action_id integer) returns text language sql return null;
create function postern_internal.current_place() returns postern_internal.place language sql return null;
create function postern_internal.cut_text(content text, room integer) returns text language sql return null;
create function postern_internal.deadline(timeout interval) returns timestamp with time zone language sql return null;
create function postern_internal.decode_base64url(encoded text) returns bytea language sql return null;
create function postern_internal.delete_expired_tickets(maximum integer) returns bigint language sql return null;
create function postern_internal.deliveries_kept_since() returns timestamp with time zone language sql return null;
create function postern_internal.derive_gate_stops(changed_gate_id text DEFAULT NULL::text) returns void language sql return null;
create function postern_internal.digest(gate_id text, action text, unbound_parameters text[], parameters jsonb) returns bytea language sql return null;
create function postern_internal.ecdsa_integer(signature bytea, start integer, OUT number numeric, OUT next_start integer) returns record language sql return null;
create function postern_internal.encode_base32(bytes bytea) returns text language sql return null;
create function postern_internal.encode_base64url(bytes bytea) returns text language sql return null;
create function postern_internal.encode_field(value text) returns bytea language sql return null;
create function postern_internal.event_document(log_id bigint) returns jsonb language sql return null;
create function postern_internal.event_function(name text) returns regprocedure language sql return null;
create function postern_internal.event_function_version(callee regprocedure) returns text language sql return null;
create function postern_internal.event_is_waiting(event_action_id integer) returns boolean language sql return null;
create function postern_internal.event_session_settings() returns text language sql return null;
create function postern_internal.event_snapshot() returns pg_snapshot language sql return null;
create function postern_internal.expire_tickets(userid text) returns void language sql return null;
create function postern_internal.field_salt(salt uuid, log_id bigint, number integer) returns bytea language sql return null;
create function postern_internal.find_action(action text) returns postern_internal.action language sql return null;
create function postern_internal.find_ticket(ticket uuid) returns postern_internal.ticket language sql return null;
create function postern_internal.fold_posting_combinations(after_id bigint DEFAULT NULL::bigint, OUT first_id bigint, OUT is_folded boolean) returns record language sql return null;
create function postern_internal.fold_userid(userid text) returns text language sql return null;
create function postern_internal.gate_caller(callers jsonb) returns TABLE(name text, gates jsonb, actions text[], reached text[], unknowable boolean, unreadable text, late jsonb, swallowed jsonb, writes jsonb) language sql return null;
create function postern_internal.gate_impact(changes jsonb) returns TABLE(effect text, kind text, userid text, name text, reason text) language sql return null;
create function postern_internal.gate_is_active(gate_id text) returns boolean language sql return null;
create function postern_internal.gate_late(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.gate_not_called(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.gate_not_referenced(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.gate_not_registered(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.gate_schemes(gate postern_internal.gate) returns text[] language sql return null;
create function postern_internal.gate_swallowed(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.gate_unreadable(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.guard_log_partition(partition regclass) returns void language sql return null;
create function postern_internal.guard_request(gate postern_internal.gate, rows jsonb, OUT parameters jsonb, OUT message text) returns record language sql return null;
create function postern_internal.guarded_rows(gate postern_internal.gate, rows jsonb) returns TABLE(parameters jsonb, message text) language sql return null;
create function postern_internal.hash_pin(pin text, hash text) returns text language sql return null;
create function postern_internal.hmac_pad(secret bytea, filler integer) returns bytea language sql return null;
create function postern_internal.hmac_sha1(data bytea, key bytea) returns bytea language sql return null;
create function postern_internal.in_unapproved_action() returns boolean language sql return null;
create function postern_internal.internal_ledger_part(userid text) returns TABLE(company text, class_id bigint, ledgers text[], part_no bigint) language sql return null;
create function postern_internal.inverse_modulo(number numeric, modulus numeric) returns numeric language sql return null;
create function postern_internal.is_assertion(authenticator_data bytea, client_data bytea, signature bytea, public_key bytea, challenge text) returns boolean language sql return null;
create function postern_internal.is_code(value text) returns boolean language sql return null;
create function postern_internal.is_date_of_year(digits text) returns boolean language sql return null;
create function postern_internal.is_es256_signature(spki bytea, message bytea, signature bytea) returns boolean language sql return null;
create function postern_internal.is_message_name(name text) returns boolean language sql return null;
create function postern_internal.is_moved(recorded postern_internal.place) returns boolean language sql return null;
create function postern_internal.is_proven(setting text, secret bytea) returns boolean language sql return null;
create function postern_internal.is_rs256_signature(spki bytea, message bytea, signature bytea) returns boolean language sql return null;
create function postern_internal.is_verify_function(candidate regprocedure) returns boolean language sql return null;
create function postern_internal.last_given_log_id() returns bigint language sql return null;
create function postern_internal.leaf_data(entry postern_internal.checkpoint_entry) returns bytea language sql return null;
create function postern_internal.leaf_hash(entry postern_internal.checkpoint_entry) returns bytea language sql return null;
create function postern_internal.lift_administration_gate(reason text) returns void language sql return null;
create function postern_internal.like_pattern(pattern text) returns text language sql return null;
create function postern_internal.lock_log(mode text, timeout interval, VARIADIC tables regclass[]) returns void language sql return null;
create function postern_internal.lock_settings() returns void language sql return null;
create function postern_internal.log_months() returns TABLE(partition regclass, since timestamp with time zone, until timestamp with time zone) language sql return null;
create function postern_internal.merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea) returns bytea language sql return null;
create function postern_internal.message_object(pairs text[], level integer) returns jsonb language sql return null;
create function postern_internal.message_template(message text, names text[]) returns text language sql return null;
create function postern_internal.missing_log_months(maximum_moved bigint) returns SETOF timestamp with time zone language sql return null;
create function postern_internal.new_combination(company text, posting_combination_id bigint) returns text[] language sql return null;
create function postern_internal.new_combination_company(posting_combination_id bigint) returns text language sql return null;
create function postern_internal.new_uuid() returns uuid language sql return null;
create function postern_internal.object_to_message(name text, object jsonb, level integer) returns text language sql return null;
create function postern_internal.ones(bits integer, size integer) returns bytea language sql return null;
create function postern_internal.open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean) returns record language sql return null;
create function postern_internal.p256_point(spki bytea, OUT x numeric, OUT y numeric) returns record language sql return null;
create function postern_internal.parse_message(message text) returns text[] language sql return null;
create function postern_internal.pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb, guard boolean DEFAULT false) returns text language sql return null;
create function postern_internal.pass_gate(gate_id text, parameters jsonb, action text DEFAULT NULL::text) returns void language sql return null;
create function postern_internal.percent_encode(part text) returns text language sql return null;
create function postern_internal.personal_field(entry postern_internal.checkpoint_entry, number integer) returns bytea language sql return null;
create function postern_internal.personal_fields(entry postern_internal.checkpoint_entry, userid text, keep_content boolean) returns integer[] language sql return null;
create function postern_internal.pin_weakness(userid text, pin text) returns text language sql return null;
create function postern_internal.place_text(place postern_internal.place) returns text language sql return null;
create function postern_internal.prune_event_deliveries(maximum integer) returns bigint language sql return null;
create function postern_internal.put_administered_triggers() returns void language sql return null;
create function postern_internal.queue_event_deliveries(event_action_id integer) returns void language sql return null;
create function postern_internal.raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb) returns void language sql return null;
create function postern_internal.raise_ticket_invalid(reason text, explanation text, fields jsonb DEFAULT '{}'::jsonb, message text DEFAULT 'The ticket is not valid'::text, hint text DEFAULT 'Send the business transaction without a ticket, answer the challenge that it returns, commit, and use the new ticket.'::text) returns void language sql return null;
create function postern_internal.random_bytes(length integer) returns bytea language sql return null;
create function postern_internal.read_assertion(response text, OUT passkey_id bytea, OUT authenticator_data bytea, OUT client_data bytea, OUT signature bytea, OUT count bigint) returns record language sql return null;
create function postern_internal.read_challenge(challenge text) returns jsonb language sql return null;
create function postern_internal.recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea) returns bytea language sql return null;
create function postern_internal.record_administered_row(kind text, about_column text, object_key jsonb, secrets text[], object jsonb, before jsonb, after jsonb) returns void language sql return null;
create function postern_internal.record_administration(kind text, key jsonb, before jsonb, after jsonb, about text DEFAULT NULL::text, message text DEFAULT NULL::text) returns bigint language sql return null;
create function postern_internal.redacted_entry(entry postern_internal.checkpoint_entry, fields integer[], recorded bigint) returns postern_internal.checkpoint_entry language sql return null;
create function postern_internal.refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb) returns void language sql return null;
create function postern_internal.refuse_administration() returns void language sql return null;
create function postern_internal.refuse_long_parameters(size integer) returns void language sql return null;
create function postern_internal.refuse_pin(reason text) returns void language sql return null;
create function postern_internal.refuse_read_only() returns void language sql return null;
create function postern_internal.refuse_ticket(ticket uuid) returns void language sql return null;
create function postern_internal.refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb) returns void language sql return null;
create function postern_internal.reject_message(message text) returns void language sql return null;
create function postern_internal.repeatable_change(object jsonb) returns jsonb language sql return null;
create function postern_internal.replace_message_attribute(message text, name text, replacement text) returns text language sql return null;
create function postern_internal.require_accounts(userids text[]) returns void language sql return null;
create function postern_internal.require_administrable_class(class_id bigint) returns void language sql return null;
create function postern_internal.require_administrable_gate(gate_id text) returns void language sql return null;
create function postern_internal.require_allowed_login(role name, other_role name DEFAULT NULL::name) returns boolean language sql return null;
create function postern_internal.require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb) returns void language sql return null;
create function postern_internal.require_class(company text, ledger_id text, class text) returns bigint language sql return null;
create function postern_internal.require_code(value text, argument text) returns void language sql return null;
create function postern_internal.require_company(company text) returns void language sql return null;
create function postern_internal.require_db_role(db_role name) returns void language sql return null;
create function postern_internal.require_event(event text) returns void language sql return null;
create function postern_internal.require_event_action(name text) returns integer language sql return null;
create function postern_internal.require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean) returns text language sql return null;
create function postern_internal.require_fresh_log_ids() returns void language sql return null;
create function postern_internal.require_gate_callers(callers jsonb) returns void language sql return null;
create function postern_internal.require_ledger(company text, ledger_id text) returns void language sql return null;
create function postern_internal.require_patterns(patterns text[]) returns void language sql return null;
create function postern_internal.require_rate(setting text, used integer, since timestamp with time zone) returns void language sql return null;
create function postern_internal.require_redactable(userid text) returns void language sql return null;
create function postern_internal.require_scheme(scheme text) returns void language sql return null;
create function postern_internal.require_sealing_place(confirmed_timeline bigint, confirmed_database text) returns boolean language sql return null;
create function postern_internal.require_text(value text, argument text, maximum integer) returns void language sql return null;
create function postern_internal.require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text) returns void language sql return null;
create function postern_internal.require_user(userid text, code text DEFAULT 'PS107'::text) returns void language sql return null;
create function postern_internal.restored_log_id() returns bigint language sql return null;
create function postern_internal.rsa_modulus(spki bytea) returns numeric language sql return null;
create function postern_internal.rule_matches(codes text[], patterns text[]) returns boolean language sql return null;
create function postern_internal.run_event_function(name text, event jsonb) returns void language sql return null;
create function postern_internal.salted_field(salt uuid, log_id bigint, number integer, own_salt bytea, value bytea) returns bytea language sql return null;
create function postern_internal.session_setting(userid text) returns text language sql return null;
create function postern_internal.session_value(secret bytea, userid text) returns text language sql return null;
create function postern_internal.setting_boolean(name text) returns boolean language sql return null;
create function postern_internal.setting_integer(name text) returns integer language sql return null;
create function postern_internal.setting_kinds(value text) returns text language sql return null;
create function postern_internal.setting_text(name text) returns text language sql return null;
create function postern_internal.settle_event_actions(event text) returns void language sql return null;
create function postern_internal.sign_challenge(content text) returns text language sql return null;
create function postern_internal.stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea) returns SETOF record language sql return null;
create function postern_internal.substitute(message_template text, names text[], parameters jsonb) returns text language sql return null;
create function postern_internal.table_impact(changes jsonb) returns TABLE(effect text, kind text, name text, reason text) language sql return null;
create function postern_internal.tickets_kept_since() returns timestamp with time zone language sql return null;
create function postern_internal.totp_code(secret bytea, step bigint) returns text language sql return null;
create function postern_internal.totp_match(secret bytea, response text, moment timestamp with time zone, last_step bigint) returns bigint language sql return null;
create function postern_internal.tree_root(tree_size bigint) returns bytea language sql return null;
create function postern_internal.ungated_write(callers jsonb) returns TABLE(level text, code text, object text, title text, detail text, fix text) language sql return null;
create function postern_internal.use_ticket(ticket uuid, userid text) returns boolean language sql return null;
create function postern_internal.user_bounds(userid text) returns TABLE(bound bigint, company text, shift bigint) language sql return null;
create function postern_internal.user_impact(changes jsonb) returns TABLE(effect text, userid text, company text, ledger_id text, combinations bigint, of_combinations bigint, reason text) language sql return null;
create function postern_internal.users_access(userids text[]) returns TABLE(userid text, access jsonb) language sql return null;
create function postern_internal.verify_response(verify_function regprocedure, userid text, response text, challenge jsonb) returns boolean language sql return null;
create function postern_internal.zeros(bytes bigint) returns bytea language sql return null;
create function sec_checkpoint_gate_api.register(gate_id text, info_msg text) returns void language sql return null;
create function security_sys.security_checkpoint(gate_id text, msg text DEFAULT NULL::text) returns void language sql return null;
create function user_finance_api.exist(company text, userid text) returns void language sql return null;
create function user_finance_api.exist_current_user(company text) returns void language sql return null;
create function user_finance_api.is_allowed(company text) returns text language sql return null;
create function user_finance_api.is_authorized(company text) returns boolean language sql return null;
create function user_finance_api.is_user_authorized(company text) returns boolean language sql return null;
create procedure message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) language sql as 'select';
create procedure message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) language sql as 'select';
create procedure message_sys.add_attribute(INOUT message text, IN name text, IN value text) language sql as 'select';
create procedure message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) language sql as 'select';
create procedure message_sys.remove_attribute(INOUT message text, IN name text) language sql as 'select';
create procedure message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) language sql as 'select';
create procedure message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) language sql as 'select';
create procedure message_sys.set_attribute(INOUT message text, IN name text, IN value text) language sql as 'select';
create procedure message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) language sql as 'select';
create view postern.setting as
 SELECT s.name,
    s.value,
    s.kind,
    s.minimum,
    s.maximum,
    s.default_value,
    s.description
   FROM postern_internal.setting s;
create view postern_internal.derived_gate as
 SELECT g.gate_id,
        CASE
            WHEN (g.gate_id = 'POSTERN_ADMINISTRATION'::text) THEN (a.value <> 'none'::text)
            ELSE (g.built_in OR (g.active AND (s.value = 'true'::text)))
        END AS stops
   FROM ((postern_internal.gate g
     CROSS JOIN postern_internal.setting s)
     CROSS JOIN postern_internal.setting a)
  WHERE ((s.name = 'checkpoints_enabled'::text) AND (a.name = 'administration_gate'::text));
create view postern_internal.own_entry as
 SELECT e.log_id,
    e.outcome,
    e.gate_id,
    e.action,
    e.userid,
    e.authenticated_by,
    e.logged_at,
    e.ticket,
    e.message,
    e.parameters
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.transaction_id = pg_current_xact_id_if_assigned()) AND (age(e.xmin) <= 0) AND (e.logged_at >= (transaction_timestamp() - '1 day'::interval)));
create view postern.checkpoint_log as
 SELECT e.log_id,
        CASE
            WHEN (e.outcome = ANY (ARRAY['locked'::postern_internal.outcome, 'refused'::postern_internal.outcome])) THEN 'denied'::text
            ELSE (e.outcome)::text
        END AS outcome,
    e.gate_id,
    e.action,
    e.userid,
    e.authenticated_by,
    e.logged_at,
        CASE
            WHEN (e.redactions[8] IS NULL) THEN e.message
            ELSE NULL::text
        END AS message,
        CASE
            WHEN (e.redactions[8] IS NULL) THEN e.parameters
            ELSE NULL::jsonb
        END AS parameters,
    e.comment,
    e.scheme,
        CASE
            WHEN (e.redactions[11] IS NULL) THEN e.session_role
            ELSE NULL::name
        END AS session_role,
    e.client_addr,
        CASE
            WHEN (e.redactions[11] IS NULL) THEN e.application_name
            ELSE NULL::text
        END AS application_name,
    e.transaction_id,
        CASE e.outcome
            WHEN 'passed'::postern_internal.outcome THEN e.ticket
            ELSE NULL::uuid
        END AS approval,
    e.asked,
    e.approved_gate_id,
    e.approved_message,
        CASE
            WHEN (e.redactions IS NOT NULL) THEN postern.entry_redactions(e.redactions)
            ELSE NULL::jsonb
        END AS redacted
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.outcome <> ALL (ARRAY['accepted'::postern_internal.outcome, 'administered'::postern_internal.outcome])) AND ((e.outcome <> ALL (ARRAY['denied'::postern_internal.outcome, 'locked'::postern_internal.outcome, 'refused'::postern_internal.outcome])) OR (e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()) OR (age(e.xmin) > 0)));
create view postern.user_account as
 SELECT e.userid,
    e.description,
    e.db_role,
    e.active,
        CASE
            WHEN (c.hash IS NULL) THEN 'none'::text
            WHEN c.must_change THEN 'must_change'::text
            ELSE 'set'::text
        END AS pin,
    c.changed_at AS pin_changed_at,
    c.failures,
    NULLIF(c.locked_until, '-infinity'::timestamp with time zone) AS locked_until,
    e.created_at,
        CASE
            WHEN (c.totp_secret IS NOT NULL) THEN 'set'::text
            WHEN (c.totp_pending IS NOT NULL) THEN 'not_confirmed'::text
            ELSE 'none'::text
        END AS totp
   FROM (postern_internal.end_user e
     JOIN postern_internal.credential c ON ((c.userid = e.userid)))
  WHERE (NOT (EXISTS ( SELECT
           FROM postern_internal.own_entry l
          WHERE ((l.outcome = ANY (ARRAY['denied'::postern_internal.outcome, 'locked'::postern_internal.outcome, 'refused'::postern_internal.outcome, 'accepted'::postern_internal.outcome])) AND ((e.userid = l.userid) OR (e.userid = l.authenticated_by))))))
 OFFSET 0;
create view postern.session_key as
 SELECT s.kid,
    s.created_at,
    s.created_by,
    s.retired_at
   FROM postern_internal.session_key s;
create view postern.administration_log as
 SELECT e.log_id,
    e.logged_at,
    e.action AS kind,
    (e.parameters -> 'key'::text) AS key,
        CASE
            WHEN (e.redactions[8] IS NOT NULL) THEN NULL::text
            WHEN (((e.parameters ->> 'before'::text) IS NULL) AND ((e.parameters ->> 'after'::text) IS NULL)) THEN 'done'::text
            WHEN ((e.parameters ->> 'before'::text) IS NULL) THEN 'added'::text
            WHEN ((e.parameters ->> 'after'::text) IS NULL) THEN 'removed'::text
            ELSE 'changed'::text
        END AS operation,
    NULLIF((e.parameters -> 'before'::text), 'null'::jsonb) AS before,
    NULLIF((e.parameters -> 'after'::text), 'null'::jsonb) AS after,
        CASE
            WHEN (e.redactions[8] IS NULL) THEN e.message
            ELSE NULL::text
        END AS message,
    NULLIF(e.userid, ''::text) AS about_userid,
    e.authenticated_by AS userid,
        CASE
            WHEN (e.redactions[11] IS NULL) THEN e.session_role
            ELSE NULL::name
        END AS session_role,
    e.client_addr,
        CASE
            WHEN (e.redactions[11] IS NULL) THEN e.application_name
            ELSE NULL::text
        END AS application_name,
    e.transaction_id,
        CASE
            WHEN (e.redactions IS NOT NULL) THEN postern.entry_redactions(e.redactions)
            ELSE NULL::jsonb
        END AS redacted
   FROM postern_internal.checkpoint_entry e
  WHERE (e.outcome = 'administered'::postern_internal.outcome);
create view postern.gate as
 SELECT g.gate_id,
    g.description,
    g.message,
    g.parameters,
    ARRAY( SELECT p.name
           FROM unnest(g.parameters) WITH ORDINALITY p(name, "position")
          WHERE (p.name <> ALL (g.unbound_parameters))
          ORDER BY p."position") AS bound_parameters,
    g.active,
    g.built_in,
    g.exclusive,
    g.active_administered,
    g.message_administered,
    g.registered_at,
    g.schemes
   FROM postern_internal.gate g;
create view postern_internal.transaction_ticket as
 SELECT o.nonce,
    o.ticket,
    o.transaction_id,
    o.opened_at,
    o.userid,
    o.authenticated_by,
    o.scheme,
    o.comment,
    o.gate_id,
    o.exclusive,
    o.action,
    o.digest,
    o.parameters,
    o.message,
    o.session_role,
    o.expires_at,
    o.session,
    o.passed,
    o.guarded,
    o.salt,
    o.action_begun
   FROM postern_internal.open_gate o
  WHERE ((o.nonce = current_setting('postern.ticket'::text, true)) AND (o.transaction_id = pg_current_xact_id_if_assigned()) AND (o.opened_at = transaction_timestamp()) AND (NOT o.exclusive));
create view postern_internal.current_open_gate as
 SELECT t.nonce,
    t.ticket,
    t.transaction_id,
    t.opened_at,
    t.userid,
    t.authenticated_by,
    t.scheme,
    t.comment,
    t.gate_id,
    t.exclusive,
    t.action,
    t.digest,
    t.parameters,
    t.message,
    t.session_role,
    t.expires_at,
    t.session,
    t.passed,
    t.guarded,
    t.salt,
    t.action_begun
   FROM postern_internal.transaction_ticket t
  WHERE ((t.session = current_setting('postern.session'::text, true)) AND (t.session_role = SESSION_USER));
create view postern_internal.open_exclusive_gate as
 SELECT o.nonce,
    o.ticket,
    o.transaction_id,
    o.opened_at,
    o.userid,
    o.authenticated_by,
    o.scheme,
    o.comment,
    o.gate_id,
    o.exclusive,
    o.action,
    o.digest,
    o.parameters,
    o.message,
    o.session_role,
    o.expires_at,
    o.session,
    o.passed,
    o.guarded,
    o.salt,
    o.action_begun
   FROM postern_internal.open_gate o
  WHERE ((o.nonce = ANY (string_to_array(current_setting('postern.exclusive_tickets'::text, true), ','::text))) AND (o.transaction_id = pg_current_xact_id_if_assigned()) AND (o.opened_at = transaction_timestamp()) AND (o.session = current_setting('postern.session'::text, true)) AND (o.session_role = SESSION_USER));
create view postern.passkey as
 SELECT p.userid,
    p.name,
    p.passkey_id,
    p.public_key,
    p.created_at
   FROM postern_internal.passkey p;
create view postern.scheme as
 SELECT s.scheme,
    s.verify_function,
    s.enabled
   FROM postern_internal.scheme s;
create view postern.action as
 SELECT a.action,
    a.checkpoint,
    a.legacy_checkpoints,
    a.registered_at
   FROM postern_internal.action a;
create view postern_internal.own_change as
 SELECT e.action AS kind,
    e.userid,
    e.message,
    (e.parameters -> 'key'::text) AS key,
    (e.parameters -> 'before'::text) AS before,
    (e.parameters -> 'after'::text) AS after
   FROM postern_internal.own_entry e
  WHERE ((e.outcome = 'administered'::postern_internal.outcome) AND (NOT ((e.action = 'credential'::text) AND (EXISTS ( SELECT
           FROM postern_internal.own_entry p
          WHERE ((p.outcome = 'passed'::postern_internal.outcome) AND (p.userid = e.userid) AND COALESCE(((NULLIF((e.parameters -> 'after'::text), 'null'::jsonb) -
                CASE
                    WHEN (p.gate_id = 'POSTERN_PIN_CHANGE'::text) THEN '{hash,must_change}'::text[]
                    WHEN (p.gate_id = ANY (ARRAY['POSTERN_TOTP_ENROL'::text, 'POSTERN_TOTP_CONFIRM'::text])) THEN '{totp_secret,totp_pending}'::text[]
                    ELSE NULL::text[]
                END) = '{}'::jsonb), false)))))) AND (NOT ((e.action = 'passkey'::text) AND (NULLIF((e.parameters -> 'before'::text), 'null'::jsonb) IS NULL) AND (EXISTS ( SELECT
           FROM postern_internal.own_entry p
          WHERE ((p.outcome = 'passed'::postern_internal.outcome) AND (p.userid = e.userid) AND (p.gate_id = ANY (ARRAY['POSTERN_PASSKEY_FIRST'::text, 'POSTERN_PASSKEY_ADD'::text]))))))) AND (NOT ((e.action = 'event_action'::text) AND COALESCE(((NULLIF((e.parameters -> 'after'::text), 'null'::jsonb) - '{disabled_at,disabled_reason}'::text[]) = '{}'::jsonb), false) AND ((e.parameters #>> '{before,disabled_at}'::text[]) IS NULL) AND (NOT pg_has_role(SESSION_USER, 'postern_admin'::name, 'member'::text)))));
create view postern.company as
 SELECT c.company,
    c.name,
    c.created_at,
    c.row_level_security
   FROM postern_internal.company c;
create view postern.company_user as
 SELECT u.company,
    u.userid,
    u.is_default,
    c.class
   FROM (postern_internal.company_user u
     LEFT JOIN postern_internal.authority_class c ON ((c.class_id = u.class_id)));
create view postern.user_finance_auth_pub as
 SELECT u.company,
    u.userid,
    u.is_default
   FROM postern_internal.company_user u
  WHERE (u.userid = ( SELECT postern.current_userid() AS current_userid
          WHERE postern.require_user_role()));
create view postern.company_finance_auth_pub as
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;
create view postern.company_finance_auth as
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;
create view postern.company_finance_auth1 as
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;
create view postern.ledger as
 SELECT l.company,
    l.ledger_id,
    l.created_at
   FROM postern_internal.ledger l;
create view postern.ledger_user as
 SELECT u.company,
    u.ledger_id,
    u.userid,
    c.class
   FROM (postern_internal.ledger_user u
     LEFT JOIN postern_internal.authority_class c ON ((c.class_id = u.class_id)));
create view postern.authority_class as
 SELECT c.company,
    c.ledger_id,
    c.class,
    c.built_in
   FROM postern_internal.authority_class c;
create view postern.authority_combination as
 SELECT r.rule_id,
    c.company,
    c.ledger_id,
    c.class,
    r.allowed,
    r.patterns[1] AS code_a,
    r.patterns[2] AS code_b,
    r.patterns[3] AS code_c,
    r.patterns[4] AS code_d,
    r.patterns[5] AS code_e,
    r.patterns[6] AS code_f,
    r.patterns[7] AS code_g,
    r.patterns[8] AS code_h,
    r.patterns[9] AS code_i,
    r.patterns[10] AS code_j
   FROM (postern_internal.authority_combination r
     JOIN postern_internal.authority_class c ON ((c.class_id = r.class_id)));
create view postern.protected_table as
 SELECT p.schema_name,
    p.table_name,
    p.protection,
    p.company_column,
    p.combination_column,
    p.ledger_column,
    p.gate_id,
    p.operations,
    p.columns,
    p.parameters,
    p.condition,
    p.exclusive,
    p.protected_by,
    p.protected_at
   FROM postern_internal.protected_table p;
create view postern_internal.log_record as
 SELECT e.log_id,
    e.outcome,
    e.gate_id,
    e.action,
    e.userid,
    e.authenticated_by,
    e.assertion,
    e.logged_at,
    e.message,
    e.parameters,
    e.approved_message,
    e.comment,
    e.scheme,
    e.session_role,
    (e.client_addr)::text AS client_addr,
    e.application_name,
    e.transaction_id,
    e.ticket,
    e.asked,
    e.approved_gate_id,
    e.salt,
    e.salts,
    e.redactions
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()) OR (age(e.xmin) > 0));
create view postern.log_leaf as
 SELECT l.leaf_number,
    l.log_id,
    l.hashes
   FROM postern_internal.leaf l;
create view postern.log_head as
 SELECT h.tree_size,
    h.root_hash,
    h.note,
    h.signed_at
   FROM postern_internal.tree_head h;
create view postern.event_action as
 SELECT a.name,
    a.event,
    (a.kind)::text AS kind,
    a.target,
    a.condition,
    a.template,
    a.allow_internal,
    a.created_at,
    a.created_by,
    (u.entries + q.pending) AS pending,
    q.dead,
    LEAST(u.oldest, q.oldest_pending_at) AS oldest_pending_at,
    a.disabled_at,
    a.disabled_reason
   FROM ((postern_internal.event_action a
     CROSS JOIN LATERAL postern.unqueued_events(a.name) u(entries, oldest))
     LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE (d.state = 'pending'::postern_internal.delivery_state)) AS pending,
            count(*) FILTER (WHERE (d.state = 'dead'::postern_internal.delivery_state)) AS dead,
            min(d.due_at) FILTER (WHERE (d.state = 'pending'::postern_internal.delivery_state)) AS oldest_pending_at
           FROM postern_internal.event_delivery d
          WHERE ((d.event_action_id = a.event_action_id) AND (d.state = ANY (ARRAY['pending'::postern_internal.delivery_state, 'dead'::postern_internal.delivery_state])))) q ON (true));
create view postern.event as
 SELECT e.event,
    e.description,
    e.enabled,
    ( SELECT count(*) AS count
           FROM postern_internal.event_action a
          WHERE (a.event = e.event)) AS actions,
    q.pending,
    q.dead,
    q.disabled_actions
   FROM (postern_internal.event e
     LEFT JOIN LATERAL ( SELECT (COALESCE(sum(a.pending), (0)::numeric))::bigint AS pending,
            (COALESCE(sum(a.dead), (0)::numeric))::bigint AS dead,
            count(a.disabled_at) AS disabled_actions
           FROM postern.event_action a
          WHERE (a.event = e.event)) q ON (true));
create view postern.event_delivery as
 SELECT a.name,
    a.event,
    d.log_id,
    d.delivery_id,
    (d.state)::text AS state,
    d.attempts,
        CASE
            WHEN (d.state = 'pending'::postern_internal.delivery_state) THEN d.due_at
            ELSE NULL::timestamp with time zone
        END AS due_at,
    d.finished_at,
    d.last_error
   FROM (postern_internal.event_delivery d
     JOIN postern_internal.event_action a ON ((a.event_action_id = d.event_action_id)));
create view postern.event_worker_action as
 SELECT a.name,
    a.event,
    (a.kind)::text AS kind,
    a.target,
    a.condition,
    a.template,
    a.allow_internal,
    ARRAY( SELECT ('whsec_'::text || encode(s.secret, 'base64'::text))
           FROM postern_internal.webhook_secret s
          WHERE ((s.event_action_id = a.event_action_id) AND ((s.expires_at IS NULL) OR (s.expires_at > now())))
          ORDER BY s.webhook_secret_id DESC) AS secrets
   FROM (postern_internal.event_action a
     JOIN postern_internal.event e ON (((e.event = a.event) AND e.enabled)))
  WHERE ((a.disabled_at IS NULL) AND postern.check_allowed_login('postern_event_worker'::name));
create view postern.dual as
 SELECT 'X'::text AS dummy;
create view postern_internal.server_version as
 SELECT f.level,
    'server_version'::text AS code,
    f.object,
    f.title,
    f.detail,
    f.fix
   FROM postern.server_finding((current_setting('server_version_num'::text))::integer) f(level, object, title, detail, fix);
create view postern_internal.old_session_key as
 SELECT 'warn'::text AS level,
    'old_session_key'::text AS code,
    ('session key '::text || k.kid) AS object,
    'A session key is older than a year'::text AS title,
    format('It was created on %s. Anybody who has ever seen it can speak for every user.'::text, to_char(k.created_at, 'YYYY-MM-DD'::text)) AS detail,
    format('Create a key under another id (postern session key create KID), switch the application to it, then: select postern.retire_session_key(%L);'::text, k.kid) AS fix
   FROM postern_internal.session_key k
  WHERE ((k.retired_at IS NULL) AND (k.created_at < (now() - '1 year'::interval)));
create view postern_internal.disabled_checkpoints as
 SELECT 'warn'::text AS level,
    'disabled_checkpoints'::text AS code,
    'setting checkpoints_enabled'::text AS object,
    'No gate stops transactions'::text AS title,
    format('The setting is false, so %s active without effect.'::text,
        CASE count(*)
            WHEN 1 THEN 'one gate is'::text
            ELSE (count(*) || ' gates are'::text)
        END) AS detail,
    'select postern.set_setting(''checkpoints_enabled'', ''true'');'::text AS fix
   FROM postern_internal.gate g
  WHERE (g.active AND (NOT g.built_in) AND (EXISTS ( SELECT
           FROM postern_internal.setting s
          WHERE ((s.name = 'checkpoints_enabled'::text) AND (s.value = 'false'::text)))))
 HAVING (count(*) > 0);
create view postern_internal.user_without_pin as
 SELECT 'warn'::text AS level,
    'user_without_pin'::text AS code,
    ('user '::text || u.userid) AS object,
    'A user cannot pass any gate'::text AS title,
    format('The user is active and has no PIN; active gates: %s.'::text, g.active) AS detail,
    format('Have an administrator give the user a first PIN: %s; or, if nobody works as this user: select postern.set_user_active(%L, false);'::text,
        CASE
            WHEN (u.userid ~ '^[A-Za-z0-9_][A-Za-z0-9_.@-]*$'::text) THEN ('postern user reset-pin '::text || u.userid)
            ELSE format('select postern.reset_pin(%L, ...)'::text, u.userid)
        END, u.userid) AS fix
   FROM ((postern_internal.end_user u
     JOIN postern_internal.credential c ON ((c.userid = u.userid)))
     CROSS JOIN ( SELECT count(*) AS active
           FROM postern_internal.gate a
          WHERE (a.stops AND (NOT a.built_in))) g)
  WHERE (u.active AND (c.hash IS NULL) AND (g.active > 0) AND (NOT (EXISTS ( SELECT
           FROM postern_internal.scheme s
          WHERE (s.enabled AND (s.scheme <> 'PIN'::text) AND ((s.scheme <> 'TOTP'::text) OR (c.totp_secret IS NOT NULL)) AND ((s.scheme <> 'PASSKEY'::text) OR (EXISTS ( SELECT
                   FROM postern_internal.passkey p
                  WHERE (p.userid = u.userid)))))))));
create view postern_internal.change_not_approved as
 SELECT 'error'::text AS level,
    'change_not_approved'::text AS code,
    COALESCE(('transaction '::text || e.transaction_id), ('entry '::text || min(u.log_id))) AS object,
    'A change of the administration was not judged'::text AS title,
        CASE
            WHEN (e.transaction_id IS NULL) THEN 'The log no longer has the entry.'::text
            ELSE format('%s at %s changed without an approval: %s%s.'::text, quote_ident(min((e.session_role)::text)), min(e.logged_at), (array_agg(e.message ORDER BY e.log_id))[1],
            CASE
                WHEN (count(*) > 1) THEN format(' (and %s more)'::text, (count(*) - 1))
                ELSE ''::text
            END)
        END AS detail,
    format('Read what was changed, and undo what should not be: select * from postern.administration_log where log_id in (%1$s); then, as the owner of Postern: delete from postern_internal.unapproved_change where log_id in (%1$s);'::text, string_agg((u.log_id)::text, ', '::text ORDER BY u.log_id)) AS fix
   FROM (postern_internal.unapproved_change u
     LEFT JOIN postern_internal.checkpoint_entry e ON ((e.log_id = u.log_id)))
  WHERE (NOT (EXISTS ( SELECT
           FROM postern_internal.own_entry o
          WHERE (o.log_id = u.log_id))))
  GROUP BY e.transaction_id,
        CASE
            WHEN (e.transaction_id IS NULL) THEN u.log_id
            ELSE NULL::bigint
        END;
create view postern_internal.look_alike_user as
 SELECT 'warn'::text AS level,
    'look_alike_user'::text AS code,
    ('user '::text || l.userid) AS object,
    'Two users cannot be told apart by sight'::text AS title,
    format('%s looks like %L, which is older. Somebody who reads the log, or a dialog, may take one for the other.'::text, c.literal, l.older) AS detail,
    format('Find out who each of them is. If one should not exist: select postern.set_user_active(%s, false);'::text, c.literal) AS fix
   FROM (postern.look_alike_users() l(userid, older)
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (octet_length(l.userid) = length(l.userid)) THEN quote_literal(l.userid)
                    ELSE (('U&'''::text || string_agg(
                    CASE
                        WHEN (r."character" = ANY (ARRAY[''''::text, '\'::text])) THEN (r."character" || r."character")
                        WHEN (ascii(r."character") < 128) THEN r."character"
                        WHEN (ascii(r."character") < 65536) THEN ('\'::text || lpad(to_hex(ascii(r."character")), 4, '0'::text))
                        ELSE ('\+'::text || lpad(to_hex(ascii(r."character")), 6, '0'::text))
                    END, ''::text ORDER BY r."position")) || ''''::text)
                END AS literal
           FROM string_to_table(l.userid, NULL::text) WITH ORDINALITY r("character", "position")) c);
create view postern_internal.changed_gate as
 SELECT
        CASE
            WHEN (g.stops AND (NOT d.stops)) THEN 'warn'::text
            ELSE 'error'::text
        END AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
        CASE
            WHEN d.stops THEN 'A gate is shown as active but does not stop transactions'::text
            ELSE 'A gate stops transactions but is shown as inactive'::text
        END AS title,
    format('stops is %s in postern_internal.gate, but the gate and the settings checkpoints_enabled and administration_gate give %s. Somebody changed it without Postern.'::text, (g.stops)::text, (d.stops)::text) AS detail,
    format('select postern.set_setting(''checkpoints_enabled'', %L);'::text, s.value) AS fix
   FROM ((postern_internal.gate g
     JOIN postern_internal.derived_gate d ON ((d.gate_id = g.gate_id)))
     JOIN postern_internal.setting s ON ((s.name = 'checkpoints_enabled'::text)))
  WHERE (g.stops <> d.stops)
UNION ALL
 SELECT 'error'::text AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'A gate shows and logs a message other than the registered one'::text AS title,
    format('The message is %L, but %L is shown. Somebody changed the template without Postern.'::text, g.message, t.message) AS detail,
    format('update postern_internal.gate set message_template = postern_internal.message_template(message, parameters) where gate_id = %L;'::text, g.gate_id) AS fix
   FROM (postern_internal.gate g
     CROSS JOIN LATERAL ( SELECT COALESCE(string_agg(
                CASE
                    WHEN (p.matched[1] IS NOT NULL) THEN '%'::text
                    WHEN (p.matched[2] IS NOT NULL) THEN ('&'::text || COALESCE(g.parameters[(p.matched[2])::integer], ''::text))
                    ELSE p.matched[3]
                END, ''::text ORDER BY p."position"), ''::text) AS message
           FROM regexp_matches(g.message_template, '(%%)|%([0-9]{1,4})\$s|([^%]+|%)'::text, 'g'::text) WITH ORDINALITY p(matched, "position")) t)
  WHERE (t.message <> g.message)
UNION ALL
 SELECT 'error'::text AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'A gate is wrongly marked as built in, or as not built in'::text AS title,
    'Exactly the gates with the prefix POSTERN_ are built in. Somebody changed built_in without Postern.'::text AS detail,
    format('update postern_internal.gate set built_in = %s where gate_id = %L; select postern.set_setting(''checkpoints_enabled'', %L);'::text,
        CASE
            WHEN g.built_in THEN 'false'::text
            ELSE 'true'::text
        END, g.gate_id, s.value) AS fix
   FROM (postern_internal.gate g
     JOIN postern_internal.setting s ON ((s.name = 'checkpoints_enabled'::text)))
  WHERE (g.built_in <> starts_with(g.gate_id, 'POSTERN_'::text));
create view postern_internal.gate_message as
 SELECT 'warn'::text AS level,
    'gate_message'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'The message repeats what every log entry contains'::text AS title,
    format('%L has: %s.'::text, g.message, postern.redundant_words(g.message)) AS detail,
    format('Say what happened and to which business object: select postern.set_gate_message(%L, ...); and use the same message in the registration.'::text, g.gate_id) AS fix
   FROM postern_internal.gate g
  WHERE ((NOT g.built_in) AND (postern.redundant_words(g.message) IS NOT NULL));
create view postern_internal.disabled_event_action as
 SELECT 'warn'::text AS level,
    'disabled_event_action'::text AS code,
    ('event action '::text || quote_ident(a.name)) AS object,
    'A receiver wants no more events'::text AS title,
    format('Disabled since %s: %s.'::text, to_char((a.disabled_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text), a.disabled_reason) AS detail,
    format('If the receiver is back: select postern.enable_event_action(%L); if nobody is to be notified any more: select postern.remove_event_action(%L);'::text, a.name, a.name) AS fix
   FROM postern_internal.event_action a
  WHERE (a.disabled_at IS NOT NULL);
create view postern_internal.missing_log_partition as
 SELECT 'warn'::text AS level,
    'missing_log_partition'::text AS code,
    'log'::text AS object,
    'The log has no partition for a month'::text AS title,
    format('No partition: %s (UTC)%s. Entries of such a month go to the default partition, and cannot be dropped by month.'::text, string_agg((to_char((m.month AT TIME ZONE 'UTC'::text), 'YYYY-MM'::text) ||
        CASE
            WHEN (m.entries > 0) THEN format(' with %s entries'::text, m.entries)
            ELSE ''::text
        END), ', '::text ORDER BY m.month),
        CASE
            WHEN (max(m.entries) > 10000) THEN '; checkpoints wait while so many are moved'::text
            ELSE ''::text
        END) AS detail,
    format('select postern.create_log_partitions(%s);'::text,
        CASE
            WHEN (max(m.entries) > 10000) THEN 'null'::text
            ELSE NULL::text
        END) AS fix
   FROM postern.log_gaps() m(month, entries)
  WHERE ((m.entries > 0) OR (m.month <= ((date_trunc('month'::text, (now() AT TIME ZONE 'UTC'::text)) + '1 mon'::interval) AT TIME ZONE 'UTC'::text)))
 HAVING (count(*) > 0);
create view postern_internal.overdue_upkeep as
 SELECT 'warn'::text AS level,
    'overdue_upkeep'::text AS code,
    u.object,
    'Nobody does upkeep'::text AS title,
    u.detail,
    'select postern.maintain(''1 minute'');'::text AS fix
   FROM ( SELECT ('posting combinations of company '::text || quote_ident(b.company)) AS object,
            format('%s new posting combinations are not in the maps. Each query of this company''s users evaluates them, which takes some %s ms.'::text, sum((n.ids - b.folded)), round((sum((n.ids - b.folded)) * 0.0007))) AS detail
           FROM (postern_internal.combination_block b
             CROSS JOIN LATERAL ( SELECT COALESCE(((max(p.posting_combination_id) - b.first_id) + 1), (b.given)::bigint) AS ids
                   FROM postern.posting_combination p
                  WHERE ((p.company = b.company) AND (p.posting_combination_id >= (b.first_id + b.given)) AND (p.posting_combination_id < (b.first_id + b.size)))) n)
          WHERE ((b.company IS NOT NULL) AND ((NOT b.counted) OR (b.folded < b.given)))
          GROUP BY b.company
         HAVING (sum((n.ids - b.folded)) > (10000)::numeric)
        UNION ALL
         SELECT w.duty,
            format('%s%s rows should have been deleted, the oldest since %s. They take space: some %s.'::text,
                CASE
                    WHEN (w.waiting >= 100000) THEN 'More than '::text
                    ELSE ''::text
                END, w.waiting, to_char((w.since AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text), pg_size_pretty(
                CASE w.duty
                    WHEN 'expired tickets'::text THEN (pg_total_relation_size('postern_internal.ticket'::regclass) + pg_total_relation_size('postern_internal.open_gate'::regclass))
                    ELSE pg_total_relation_size('postern_internal.event_delivery'::regclass)
                END)) AS format
           FROM postern.waiting_upkeep() w(duty, waiting, since)
          WHERE ((w.waiting >= 10000) AND (w.since < (now() - '1 day'::interval)) AND (w.duty = ANY (ARRAY['expired tickets'::text, 'event deliveries'::text])))) u;
create view postern_internal.overdue_seal as
 SELECT 'warn'::text AS level,
    'overdue_seal'::text AS code,
    'log'::text AS object,
    'Entries of the log are not sealed'::text AS title,
    format('%s%s entries have no leaf, the oldest since %s. Until they are sealed, a superuser can change them and nobody can prove it.'::text,
        CASE
            WHEN (u.entries >= 10000) THEN 'At least '::text
            ELSE ''::text
        END, u.entries, to_char((u.oldest AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text)) AS detail,
    'Have a sealer run: postern run, or postern log seal --every 1s. If it runs, its messages say why it seals nothing.'::text AS fix
   FROM postern.unsealed_entries() u(entries, oldest)
  WHERE ((u.oldest < (now() - '01:00:00'::interval)) AND (EXISTS ( SELECT
           FROM postern_internal.sealing s
          WHERE (s.tree_size > 0))));
comment on table postern.allowed_login is 'Logins that may use memberships of postern_trusted_app, postern_admin, postern_sealer, postern_redactor and postern_event_worker in this database, as added by allow_login. state: allowed; or no_such_role, or other_role (another role has the name): then the entry has no effect. Superusers need no entry.';
comment on table postern.catalog_findings is 'For postern.doctor and postern doctor: what is left unprotected, except the calls of gates; columns as in postern.doctor.';
comment on table postern.doctor is 'What is left unprotected in this database, one row per finding. level: error or warn. code: the check, explained in docs/doctor. object: what it is about. fix: SQL to paste, or a description of what to do. No rows: nothing was found.';
comment on table postern.posting_combination is 'The distinct code strings of each company, each with its id; a blank code part is NULL. Tables of the application may reference (company, posting_combination_id). postern.posting_combination_id adds rows; they are never changed or removed.';
comment on table postern.protection_fault is 'Protected tables that are not protected as requested, and what differs, in words; includes the tables below them. gate_id: that of a guard, otherwise NULL. To repair it, protect the table again.';
comment on view postern.action is 'Registered actions: the gate that stops each of them (NULL: none), and the gates that its business code is known to reach.';
comment on view postern.administration_log is 'Who changed who may do what, and when. kind and key: what was changed. before, after: the columns that differ, never a PIN, a hash, a key or a secret; before is NULL if the object is new, after is NULL if it is gone. about_userid: the user whom the change concerns. userid: the end user who made the change, if the session had one; session_role: the login. Changes with the same transaction_id were made together. redacted: as in postern.checkpoint_log; what was redacted is NULL.';
comment on view postern.authority_class is 'Authority classes of companies, or of internal ledgers if ledger_id is not NULL.';
comment on view postern.authority_combination is 'The rules of authority classes: one pattern for each code part. Not allowed always wins; what no rule allows is not allowed. rule_id: for postern.remove_authority_combination.';
comment on view postern.checkpoint_log is 'Checkpoints passed, denied and cancelled; changes of the administration are in postern.administration_log. userid: whose session it was; authenticated_by: whose credential was used, or for a denial the name that was typed. logged_at is read from the clock; transaction_id is the transaction of the business rows (for a denial: of the attempt). approval: the approval that opened the gate; several entries may have the same one. asked: whether the person was shown this gate, with the same values of its bound parameters; false if the approval of another gate, or of the action, opened it. approved_gate_id, approved_message: what the person was shown, if it differs from gate_id and message. redacted: NULL, or for each redaction of the entry the names of the fields whose columns are NULL since then (userid, authenticated_by, content: messages and parameters, comment, origin: session_role, client_addr and application_name), when it was (redacted_at), the login that did it (redacted_by), and the log_id of its record in postern.administration_log.';
comment on view postern.company is 'Companies. Every user may read their names.';
comment on view postern.company_finance_auth is 'COMPANY_FINANCE_AUTH, deprecated: use postern.user_finance_auth_pub, which it shows.';
comment on view postern.company_finance_auth1 is 'COMPANY_FINANCE_AUTH1, deprecated: use postern.user_finance_auth_pub, which it shows.';
comment on view postern.company_finance_auth_pub is 'COMPANY_FINANCE_AUTH_PUB, deprecated: use postern.user_finance_auth_pub, which it shows.';
comment on view postern.company_user is 'The users of each company with their authority class, for administrators. Users see their own rows in postern.user_finance_auth_pub.';
comment on view postern.dual is 'DUAL: one row, for mirrored SQL that needs something to select from.';
comment on view postern.event is 'Events, the number of actions of each, and the number of deliveries that are pending or dead letters, counted as in postern.event_action. disabled_actions: those whose receiver wanted no more events.';
comment on view postern.event_action is 'Which receiver is notified of which event, and how; never the secret of a webhook. pending: deliveries that wait, and entries of the log that no worker has queued yet (counted among the 10000 oldest new ones). dead: deliveries that were given up. oldest_pending_at: when the first pending one was due, or logged. disabled_at, disabled_reason: since when and why nothing is delivered, until postern.enable_event_action.';
comment on view postern.event_delivery is 'Deliveries of entries of the log: pending, delivered, skipped because the condition did not hold, or dead after too many attempts.';
comment on view postern.event_worker_action is 'For the worker of events: the enabled actions of enabled events, with the secrets that sign webhooks, newest first.';
comment on view postern.gate is 'Registered gates. active: that of POSTERN_ADMINISTRATION follows the setting administration_gate. exclusive: each pass needs its own approval, which opens nothing else. schemes: those that the gate accepts; NULL: all that are enabled. ..._administered: an administrator has set it, and registrations leave it alone.';
comment on view postern.ledger is 'Internal ledgers of companies.';
comment on view postern.ledger_user is 'Which user is connected to which internal ledger, and the class that limits what the user sees there.';
comment on view postern.log_head is 'Signed tree heads. Trust the copies outside the database, not these. note: a C2SP tlog-checkpoint; signed_at is not in the signature.';
comment on view postern.log_leaf is 'The log''s Merkle tree: which entry is which leaf. hashes: 32 octets each, the leaf''s hash and then those of the subtrees that it completes, smallest first.';
comment on view postern.passkey is 'Passkeys of end users. public_key: a SubjectPublicKeyInfo, with which a signature can be checked.';
comment on view postern.protected_table is 'Tables that protect_company and protect_ledger protect, and the columns that they use; and one row for each guard of protect_gate, whose protection is gate, with its arguments. Partitions are protected with their table and not listed.';
comment on view postern.scheme is 'Ways to authenticate at a checkpoint. PIN, TOTP (codes of authenticator apps) and PASSKEY are built in and have no verify_function.';
comment on view postern.session_key is 'Keys for session tokens, without their secrets.';
comment on view postern.setting is 'Settings of Postern in this database. Change them with postern.set_setting.';
comment on view postern.user_account is 'End users; whether they have a PIN (none, must_change, set) and an authenticator app (none, not_confirmed, set); how many wrong responses followed the last right one; and until when the credential is or was locked.';
comment on view postern.user_finance_auth_pub is 'USER_FINANCE_AUTH_PUB: the companies of the current user, and which is the default. Errors: PS401, PS402.';
