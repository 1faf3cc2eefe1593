-- Configuration as files. One query reads the whole state from one snapshot, and one statement makes each kind of
-- change to many objects. rows: an array of objects with the names of the arguments.
--
-- Tables are looked up in the catalogs. A cast to regclass needs a right on the schema, and fails without the name of
-- the table's owner. For a table that is not there, it is the error.

-- name: ReadConfiguration :one
-- The configuration as one object, with an array for each kind of object; see internal/configuration.
select jsonb_build_object(
  'setting', (select jsonb_agg(jsonb_build_object('name', s.name, 'value', s.value)) from postern.setting as s),
  'gate', (select jsonb_agg(jsonb_build_object(
             'gate_id', g.gate_id, 'description', g.description, 'message', g.message, 'parameters', g.parameters,
             'bound_parameters', g.bound_parameters, 'active', g.active, 'exclusive', g.exclusive, 'schemes', g.schemes,
             'administered', array_remove(array[case when g.active_administered then 'active' end,
                                                case when g.message_administered then 'message' end], null)))
             from postern.gate as g
            where not g.built_in),
  'action', (select jsonb_agg(jsonb_build_object('action', a.action, 'checkpoint', a.checkpoint, 'legacy_checkpoints', a.legacy_checkpoints))
               from postern.action as a),
  'user', (select jsonb_agg(jsonb_build_object(
             'userid', u.userid, 'description', u.description, 'db_role', u.db_role, 'active', u.active,
             'default_company', (select c.company from postern.company_user as c where c.userid = u.userid and c.is_default)))
             from postern.user_account as u),
  'company', (select jsonb_agg(jsonb_build_object('company', c.company, 'name', c.name, 'row_level_security', c.row_level_security))
                from postern.company as c),
  'ledger', (select jsonb_agg(jsonb_build_object('company', l.company, 'ledger_id', l.ledger_id))
               from postern.ledger as l),
  'class', (select jsonb_agg(jsonb_build_object('company', c.company, 'ledger_id', c.ledger_id, 'class', c.class))
              from postern.authority_class as c
             where not c.built_in),
  'rule', (select jsonb_agg(jsonb_build_object(
             'id', r.rule_id, 'company', r.company, 'ledger_id', r.ledger_id, 'class', r.class,
             'allowed', case when r.allowed then 'allow' else 'deny' end,
             'code_a', r.code_a, 'code_b', r.code_b, 'code_c', r.code_c, 'code_d', r.code_d, 'code_e', r.code_e,
             'code_f', r.code_f, 'code_g', r.code_g, 'code_h', r.code_h, 'code_i', r.code_i, 'code_j', r.code_j))
             from postern.authority_combination as r
             join postern.authority_class as c
               on c.company = r.company and c.class = r.class and c.ledger_id is not distinct from r.ledger_id
            where not c.built_in),
  'company user', (select jsonb_agg(jsonb_build_object('company', u.company, 'userid', u.userid, 'class', u.class))
                     from postern.company_user as u),
  'ledger user', (select jsonb_agg(jsonb_build_object('company', u.company, 'ledger_id', u.ledger_id, 'userid', u.userid, 'class', u.class))
                    from postern.ledger_user as u),
  'protected table', (select jsonb_agg(jsonb_build_object(
                        'schema_name', p.schema_name, 'table_name', p.table_name, 'protection', p.protection,
                        'company_column', p.company_column, 'combination_column', p.combination_column, 'ledger_column', p.ledger_column,
                        'fault', f.fault))
                        from postern.protected_table as p
                        left join postern.protection_fault as f on f.schema_name = p.schema_name and f.table_name = p.table_name and f.gate_id is null
                       where p.protection <> 'gate'),
  'guard', (select jsonb_agg(jsonb_build_object(
              'schema_name', p.schema_name, 'table_name', p.table_name, 'gate_id', p.gate_id, 'operations', p.operations,
              'columns', p.columns, 'parameters', p.parameters, 'condition', p.condition, 'exclusive', p.exclusive,
              'fault', f.fault))
              from postern.protected_table as p
              left join postern.protection_fault as f on f.schema_name = p.schema_name and f.table_name = p.table_name and f.gate_id = p.gate_id
             where p.protection = 'gate'),
  'event', (select jsonb_agg(jsonb_build_object('event', e.event, 'enabled', e.enabled)) from postern.event as e),
  'event action', (select jsonb_agg(jsonb_build_object(
                     'name', a.name, 'event', a.event, a.kind, a.target, 'when', a.condition, 'template', a.template,
                     'allow_internal', a.allow_internal))
                     from postern.event_action as a))::jsonb as configuration;

-- name: LockConfiguration :exec
-- Waits until nobody else is applying a configuration or changing settings and gates. Then keeps others waiting until
-- this transaction ends.
select postern.lock_configuration();

-- name: RecordApply :exec
-- Records in the log that this transaction applies files, by the SHA-256 of each, and how much they change.
select postern.record_apply(@digests::text[], @created::bigint, @changed::bigint, @removed::bigint);

-- name: SetSettings :exec
select postern.set_setting(r.value ->> 'name', r.value ->> 'value')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: RegisterGates :exec
select postern.register_gate(r.value ->> 'gate_id', r.value ->> 'description', r.value ->> 'message',
                             array(select jsonb_array_elements_text(r.value -> 'parameters')),
                             (r.value ->> 'active')::boolean,
                             array(select jsonb_array_elements_text(r.value -> 'bound_parameters')),
                             (r.value ->> 'exclusive')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetGatesActive :exec
select postern.set_gate_active(r.value ->> 'gate_id', (r.value ->> 'active')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetGatesSchemes :exec
select postern.set_gate_schemes(r.value ->> 'gate_id',
                                case when jsonb_typeof(r.value -> 'schemes') = 'array'
                                     then array(select jsonb_array_elements_text(r.value -> 'schemes')) end)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetGateMessages :exec
select postern.set_gate_message(r.value ->> 'gate_id', r.value ->> 'message')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: RegisterActions :exec
select postern.register_action(r.value ->> 'action', r.value ->> 'checkpoint',
                               array(select jsonb_array_elements_text(r.value -> 'legacy_checkpoints')))
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: RemoveActions :exec
select postern.remove_action(r.value ->> 'action')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: CreateUsers :exec
select postern.create_user(r.value ->> 'userid', r.value ->> 'description', (r.value ->> 'db_role')::name)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetUserDescriptions :exec
select postern.set_user_description(r.value ->> 'userid', r.value ->> 'description')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetUserDBRoles :exec
select postern.set_user_db_role(r.value ->> 'userid', (r.value ->> 'db_role')::name)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetUsersActive :exec
select postern.set_user_active(r.value ->> 'userid', (r.value ->> 'active')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: CreateCompanies :exec
select postern.create_company(r.value ->> 'company', r.value ->> 'name')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetCompanyNames :exec
select postern.set_company_name(r.value ->> 'company', r.value ->> 'name')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetRowLevelSecurities :exec
select postern.set_row_level_security(r.value ->> 'company', (r.value ->> 'row_level_security')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: CreateLedgers :exec
select postern.create_ledger(r.value ->> 'company', r.value ->> 'ledger_id')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: CreateClasses :exec
select case when r.value ->> 'ledger_id' is null
            then postern.create_authority_class(r.value ->> 'company', r.value ->> 'class')
            else postern.create_ledger_class(r.value ->> 'company', r.value ->> 'ledger_id', r.value ->> 'class') end
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: ChangeAuthorityCombinations :exec
select postern.change_authority_combinations(r.value ->> 'company', r.value ->> 'ledger_id', r.value ->> 'class', r.value -> 'added',
                                             array(select jsonb_array_elements_text(r.value -> 'removed'))::bigint[])
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: GrantCompanies :exec
select postern.grant_company(r.value ->> 'userid', r.value ->> 'company', (r.value ->> 'is_default')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: RevokeCompanies :exec
select postern.revoke_company(r.value ->> 'userid', r.value ->> 'company')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetUserClasses :exec
select postern.set_user_authority_class(r.value ->> 'company', r.value ->> 'userid', r.value ->> 'class')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: GrantLedgers :exec
select postern.grant_ledger(r.value ->> 'company', r.value ->> 'ledger_id', r.value ->> 'userid')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: RevokeLedgers :exec
select postern.revoke_ledger(r.value ->> 'company', r.value ->> 'ledger_id', r.value ->> 'userid')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: SetUserLedgerClasses :exec
select postern.set_user_ledger_class(r.value ->> 'company', r.value ->> 'ledger_id', r.value ->> 'userid', r.value ->> 'class')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: ProtectTables :exec
select case r.value ->> 'protection'
         when 'company' then postern.protect_company(coalesce(t.relation, format('%I.%I', r.value ->> 'schema_name', r.value ->> 'table_name')::regclass),
                                                     (r.value ->> 'company_column')::name)
         else postern.protect_ledger(coalesce(t.relation, format('%I.%I', r.value ->> 'schema_name', r.value ->> 'table_name')::regclass),
                                     (r.value ->> 'company_column')::name, (r.value ->> 'combination_column')::name, (r.value ->> 'ledger_column')::name) end
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
  left join (select n.nspname, c.relname, c.oid::regclass as relation
               from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace) as t
    on t.nspname = r.value ->> 'schema_name' and t.relname = r.value ->> 'table_name';

-- name: UnprotectTables :exec
-- Ends the protection of tables. A table that no longer exists only leaves the list.
with gone as (
  delete from postern.protected_table as p
   using jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
   where p.schema_name = r.value ->> 'schema_name' and p.table_name = r.value ->> 'table_name' and p.protection <> 'gate'
     and not exists (select from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = p.schema_name and c.relname = p.table_name)
)
select postern.unprotect(t.relation)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
  join (select n.nspname, c.relname, c.oid::regclass as relation
               from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace) as t
    on t.nspname = r.value ->> 'schema_name' and t.relname = r.value ->> 'table_name';

-- name: ProtectGates :exec
select postern.protect_gate(coalesce(t.relation, format('%I.%I', r.value ->> 'schema_name', r.value ->> 'table_name')::regclass), r.value ->> 'gate_id',
                            array(select jsonb_array_elements_text(r.value -> 'operations')),
                            case when jsonb_typeof(r.value -> 'columns') = 'array'
                                 then array(select jsonb_array_elements_text(r.value -> 'columns'))::name[] end,
                            nullif(r.value -> 'parameters', 'null'), r.value ->> 'condition', (r.value ->> 'exclusive')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
  left join (select n.nspname, c.relname, c.oid::regclass as relation
               from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace) as t
    on t.nspname = r.value ->> 'schema_name' and t.relname = r.value ->> 'table_name';

-- name: UnprotectGates :exec
-- Ends guards. That of a table that no longer exists only leaves the list.
with gone as (
  delete from postern.protected_table as p
   using jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
   where p.schema_name = r.value ->> 'schema_name' and p.table_name = r.value ->> 'table_name' and p.gate_id = r.value ->> 'gate_id'
     and not exists (select from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = p.schema_name and c.relname = p.table_name)
)
select postern.unprotect_gate(t.relation, r.value ->> 'gate_id')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r
  join (select n.nspname, c.relname, c.oid::regclass as relation
               from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace) as t
    on t.nspname = r.value ->> 'schema_name' and t.relname = r.value ->> 'table_name';

-- name: SetEventsEnabled :exec
select postern.set_event_enabled(r.value ->> 'event', (r.value ->> 'enabled')::boolean)
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;

-- name: AddEventActions :one
-- Returns an object with the secret of each new webhook by its name.
select coalesce(jsonb_object_agg(a.name, a.secret) filter (where a.secret is not null), '{}')::jsonb as secrets
  from (select r.value ->> 'name' as name,
               postern.add_event_action(r.value ->> 'name', r.value ->> 'event', r.value ->> 'kind', r.value ->> 'target', r.value ->> 'when',
                                        r.value ->> 'template', (r.value ->> 'allow_internal')::boolean) as secret
          from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r) as a;

-- name: ChangeEventActions :one
-- Returns an object with the secret of each new webhook by its name.
select coalesce(jsonb_object_agg(a.name, a.secret) filter (where a.secret is not null), '{}')::jsonb as secrets
  from (select r.value ->> 'name' as name,
               postern.change_event_action(r.value ->> 'name', r.value ->> 'event', r.value ->> 'kind', r.value ->> 'target', r.value ->> 'when',
                                           r.value ->> 'template', (r.value ->> 'allow_internal')::boolean) as secret
          from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r) as a;

-- name: RemoveEventActions :exec
select postern.remove_event_action(r.value ->> 'name')
  from jsonb_array_elements(sqlc.arg('rows')::jsonb) as r;
