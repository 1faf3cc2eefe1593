-- Which tables say who may do what. The triggers of put_administered_triggers.sql are made from this list and from
-- administered_column. A test fails on a table or a column that is in neither.

create or replace function postern_internal.administered_table()
returns table (table_name text, kind text, about_column text, not_recorded_because text)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select t.table_name, t.kind, t.about_column, t.not_recorded_because
    from (values
      ('action',                   'action',                null,     null),
      ('allowed_login',            'login',                 null,     null),
      ('authority_class',          'authority_class',       null,     null),
      ('authority_combination',    'authority_combination', null,     null),
      ('company',                  'company',               null,     null),
      ('company_user',             'company_user',          'userid', null),
      ('credential',               'credential',            'userid', null),
      ('end_user',                 'user',                  'userid', null),
      ('event',                    'event',                 null,     null),
      ('event_action',             'event_action',          null,     null),
      ('gate',                     'gate',                  null,     null),
      ('installation',             'installation',          null,     null),
      ('ledger',                   'ledger',                null,     null),
      ('ledger_user',              'ledger_user',           'userid', null),
      ('log_drop',                 'log_drop',              null,     null),
      ('passkey',                  'passkey',               'userid', null),
      ('protected_table',          'protection',            null,     null),
      ('scheme',                   'scheme',                null,     null),
      ('server_key',               'server_key',            null,     null),
      ('session_key',              'session_key',           null,     null),
      ('session_secret',           'session_secret',        null,     null),
      ('setting',                  'setting',               null,     null),
      ('webhook_secret',           'webhook_secret',        null,     null),
      ('authority_map',            null, null, 'compiled from the rules'),
      ('checkpoint_entry',         null, null, 'the log itself'),
      ('checkpoint_entry_default', null, null, 'the log itself'),
      ('combination_block',        null, null, 'ids of posting combinations'),
      ('event_delivery',           null, null, 'what is being delivered'),
      ('gate_reading',             null, null, 'what doctor has read in functions'),
      ('leaf',                     null, null, 'the log''s tree'),
      ('log_export',               null, null, 'which entries were exported'),
      ('open_gate',                null, null, 'approvals in use'),
      ('posting_combination',      null, null, 'code strings of applications'),
      ('schema_version',           null, null, 'which migrations have run'),
      ('sealing',                  null, null, 'how far the log is sealed'),
      ('ticket',                   null, null, 'approvals'),
      ('tree_head',                null, null, 'the log''s tree'),
      ('unapproved_change',        null, null, 'entries of transactions in progress')
    ) as t (table_name, kind, about_column, not_recorded_because)
$$;
revoke execute on function postern_internal.administered_table() from public;
comment on function postern_internal.administered_table() is 'Tables of Postern whose changes the log has, and the other ones with a reason. kind: of the objects in it. about_column: names the user whom a change concerns.';
