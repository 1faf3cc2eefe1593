-- What a change records of each column. A credential changes with each attempt, and a trigger that fired by the verdict
-- would tell it. So only columns of credential count that no attempt changes.

create or replace function postern_internal.administered_column()
returns table (table_name text, column_name text, treatment text)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select c.table_name, unnest(string_to_array(c.column_names, ' ')) as column_name, c.treatment
    from (values
      ('action',                'key',      'action'),
      ('action',                'recorded', 'checkpoint legacy_checkpoints'),
      ('action',                'excluded', 'registered_at'),
      ('allowed_login',         'key',      'db_role'),
      ('allowed_login',         'recorded', 'role_oid system_identifier'),
      ('allowed_login',         'excluded', 'allowed_at allowed_by'),
      ('authority_class',       'key',      'company ledger_id class'),
      ('authority_class',       'recorded', 'built_in'),
      ('authority_class',       'excluded', 'class_id revision'),
      ('authority_combination', 'key',      'rule_id class_id'),
      ('authority_combination', 'recorded', 'allowed patterns'),
      ('company',               'key',      'company'),
      ('company',               'recorded', 'name row_level_security'),
      ('company',               'excluded', 'created_at'),
      ('company_user',          'key',      'userid company'),
      ('company_user',          'recorded', 'is_default class_id'),
      ('credential',            'key',      'userid'),
      ('credential',            'recorded', 'must_change unlocked_at'),
      ('credential',            'secret',   'hash totp_secret totp_pending'),
      ('credential',            'excluded', 'changed_at changed_by failures lockouts locked_until denials denials_since cancels cancels_since totp_step passkey_counts first_filler last_filler'),
      ('end_user',              'key',      'userid'),
      ('end_user',              'recorded', 'description db_role active'),
      ('end_user',              'excluded', 'folded created_at'),
      ('event',                 'key',      'event'),
      ('event',                 'recorded', 'outcome enabled'),
      ('event',                 'excluded', 'description'),
      ('event_action',          'key',      'name'),
      ('event_action',          'recorded', 'event kind target condition allow_internal disabled_at disabled_reason'),
      ('event_action',          'secret',   'template'),
      ('event_action',          'excluded', 'event_action_id queued_to queued_at after_log_id place created_at created_by'),
      ('gate',                  'key',      'gate_id'),
      ('gate',                  'recorded', 'description message parameters unbound_parameters active built_in exclusive schemes message_administered active_administered'),
      ('gate',                  'excluded', 'message_template stops registered_at'),
      ('installation',          'key',      'installation_id'),
      ('installation',          'recorded', 'version schema_version schema_sha256 code_sha256 built_at server_major'),
      ('installation',          'excluded', 'code_objects installed_at installed_by'),
      ('ledger',                'key',      'company ledger_id'),
      ('ledger',                'excluded', 'created_at'),
      ('ledger_user',           'key',      'userid company ledger_id'),
      ('ledger_user',           'recorded', 'class_id'),
      ('log_drop',              'key',      'log_drop_id'),
      ('log_drop',              'recorded', 'since until'),
      ('log_drop',              'excluded', 'dropped_at dropped_by'),
      ('passkey',               'key',      'userid number'),
      ('passkey',               'recorded', 'passkey_id public_key name'),
      ('passkey',               'excluded', 'created_at'),
      ('protected_table',       'key',      'schema_name table_name gate_id'),
      ('protected_table',       'recorded', 'protection company_column combination_column ledger_column operations columns parameters condition exclusive'),
      ('protected_table',       'excluded', 'protected_by protected_at'),
      ('scheme',                'key',      'scheme'),
      ('scheme',                'recorded', 'verify_function enabled'),
      ('server_key',            'key',      'purpose'),
      ('server_key',            'secret',   'inner_pad outer_pad'),
      ('session_key',           'key',      'kid'),
      ('session_key',           'recorded', 'retired_at system_identifier database_oid table_oid'),
      ('session_key',           'secret',   'inner_pad outer_pad'),
      ('session_key',           'excluded', 'created_at created_by'),
      ('session_secret',        'secret',   'secret'),
      ('setting',               'key',      'name'),
      ('setting',               'recorded', 'value kind minimum maximum default_value'),
      ('setting',               'excluded', 'description'),
      ('webhook_secret',        'key',      'webhook_secret_id event_action_id'),
      ('webhook_secret',        'recorded', 'expires_at'),
      ('webhook_secret',        'secret',   'secret')
    ) as c (table_name, treatment, column_names)
$$;
revoke execute on function postern_internal.administered_column() from public;
comment on function postern_internal.administered_column() is 'The columns of administered tables. treatment: key, it identifies the object; recorded, its values are in the log; secret, the log says that it was changed, and never its value; excluded, it says nothing about who may do what.';
