-- Which tables say who may do what. The triggers of put_administered_triggers.sql are made from this list and from
-- administered_column. A test fails on a table or a column that is in neither.
--
-- counts_if: an expression over the new row; an INSERT is recorded only if it holds. A user's row in credential is empty
-- at first, and the user's own entry says that it was added.

create or replace function postern_internal.administered_table()
returns table (table_name text, kind text, about_column text, counts_if text, not_recorded_because text)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select t.table_name, t.kind, t.about_column, t.counts_if, t.not_recorded_because
    from (values
      ('action',                   'action',                null,     null, null),
      ('allowed_login',            'login',                 null,     null, null),
      ('authority_class',          'authority_class',       null,     null, null),
      ('authority_combination',    'authority_combination', null,     null, null),
      ('company',                  'company',               null,     null, null),
      ('company_user',             'company_user',          'userid', null, null),
      ('credential',               'credential',            'userid', 'new.hash is not null or not new.must_change', null),
      ('end_user',                 'user',                  'userid', null, null),
      ('event',                    'event',                 null,     null, null),
      ('event_action',             'event_action',          null,     null, null),
      ('gate',                     'gate',                  null,     null, null),
      ('installation',             'installation',          null,     null, null),
      ('ledger',                   'ledger',                null,     null, null),
      ('ledger_user',              'ledger_user',           'userid', null, null),
      ('log_drop',                 'log_drop',              null,     null, null),
      ('protected_table',          'protection',            null,     null, null),
      ('scheme',                   'scheme',                null,     null, null),
      ('server_key',               'server_key',            null,     null, null),
      ('session_key',              'session_key',           null,     null, null),
      ('session_secret',           'session_secret',        null,     null, null),
      ('setting',                  'setting',               null,     null, null),
      ('webhook_secret',           'webhook_secret',        null,     null, null),
      ('authority_map',            null, null, null, 'compiled from the rules'),
      ('checkpoint_entry',         null, null, null, 'the log itself'),
      ('checkpoint_entry_default', null, null, null, 'the log itself'),
      ('combination_block',        null, null, null, 'ids of posting combinations'),
      ('event_delivery',           null, null, null, 'what is being delivered'),
      ('gate_reading',             null, null, null, 'what doctor has read in functions'),
      ('leaf',                     null, null, null, 'the log''s tree'),
      ('log_export',               null, null, null, 'which entries were exported'),
      ('open_gate',                null, null, null, 'approvals in use'),
      ('posting_combination',      null, null, null, 'code strings of applications'),
      ('schema_version',           null, null, null, 'which migrations have run'),
      ('sealing',                  null, null, null, 'how far the log is sealed'),
      ('ticket',                   null, null, null, 'approvals'),
      ('tree_head',                null, null, null, 'the log''s tree')
    ) as t (table_name, kind, about_column, counts_if, not_recorded_because)
$$;
revoke execute on function postern_internal.administered_table() from public;
comment on function postern_internal.administered_table() is 'Tables of Postern whose changes the log has, and the other ones with a reason. kind: of the objects in it. about_column: names the user whom a change concerns. counts_if: an INSERT is recorded only if this holds; NULL: always.';
