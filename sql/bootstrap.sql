-- Creates what the first migration needs: the roles, the schemas, the one extension, and the table in which
-- installations are recorded. Every install begins with it, as the installing user, because a database may have been
-- restored into a cluster without the roles. It changes nothing that exists. The installer has checked before that the
-- user has the rights. It ends as postern_owner for the rest of this transaction, so that this role owns everything
-- that follows.

do $$
begin
  if pg_catalog.current_setting('server_version_num')::integer < 150000 then
    raise exception 'Postern needs PostgreSQL 15 or later'
      using errcode = 'feature_not_supported',
            detail = pg_catalog.format('This server is PostgreSQL %s.', pg_catalog.current_setting('server_version')),
            hint = 'Upgrade the server first.';
  end if;
  -- In SQL_ASCII, the comment of one user may be bytes that no reader can decode. Other encodings lack characters of
  -- some messages.
  if pg_catalog.current_setting('server_encoding') <> 'UTF8' then
    raise exception 'Postern needs a database in UTF8'
      using errcode = 'feature_not_supported',
            detail = pg_catalog.format('Database %s is in %s.', pg_catalog.current_database(), pg_catalog.current_setting('server_encoding')),
            hint = 'Create a database in UTF8, then dump this one and restore it there: create database NAME template template0 encoding ''UTF8'';';
  end if;
end
$$;

do $$
declare
  wanted record;
begin
  if pg_catalog.current_setting('server_version_num')::integer >= 160000 then
    -- With this setting, the creator of a role joins it. The installing user would remain a member of postern_owner.
    perform pg_catalog.set_config('createrole_self_grant', '', true);
  end if;
  -- Go reads the names of roles from here, and their memberships from the list below.
  for wanted in
    select *
      from (values
        ('postern_owner',       'Postern: owns every object; member of nothing, nobody logs in as it'),
        ('postern_user',        'Postern: what an end user needs: checkpoints, own PIN, company and ledger checks'),
        ('postern_app',         'Postern: postern_user, and starting a session for an end user with a signed token'),
        ('postern_trusted_app', 'Postern: postern_app, and asserting an end user by name, unsigned'),
        ('postern_admin',       'Postern: gates, settings, users, companies, rules, PIN resets, actions, events'),
        ('postern_event_worker', 'Postern: delivers events, and reads what they tell'),
        ('postern_event_function', 'Postern: runs the functions that events call; has no other right, and no members'),
        ('postern_auditor',     'Postern: reads the log and its proofs, and writes nothing'),
        ('postern_sealer',      'Postern: seals the log and exports it'),
        ('postern_redactor',    'Postern: removes personal fields from the log, on record')
      ) as roles (name, purpose)
  loop
    if not exists (select from pg_catalog.pg_roles as r where r.rolname = wanted.name) then
      begin
        execute pg_catalog.format('create role %I nologin', wanted.name);
        execute pg_catalog.format('comment on role %I is %L', wanted.name, wanted.purpose);
      exception when duplicate_object or unique_violation then
        null;  -- an installation into another database of this cluster was a moment faster
      end;
    end if;
  end loop;
end
$$;

do $$
declare
  wanted record;
begin
  -- Granted only where missing: two installations in one cluster must not update the same catalog rows.
  for wanted in
    select *
      from (values
        ('postern_user', 'postern_app'),
        ('postern_app',  'postern_trusted_app')
      ) as memberships (role, member)
     where not pg_catalog.pg_has_role(member, role, 'member')
  loop
    execute pg_catalog.format('grant %I to %I', wanted.role, wanted.member);
  end loop;
end
$$;

do $$
declare
  wanted name;
  may_become boolean;
begin
  -- The administrator of a managed server is no superuser, and can create objects of these roles only as their member.
  -- The same transaction ends these memberships, so nobody else ever sees them.
  foreach wanted in array array['postern_owner', 'postern_event_function'] loop
    -- Since PostgreSQL 16, the creator of a role is its member, but without the right to become it.
    if pg_catalog.current_setting('server_version_num')::integer < 160000 then
      may_become := pg_catalog.pg_has_role(current_user, wanted, 'member');
    else
      may_become := pg_catalog.pg_has_role(current_user, wanted, 'set');
    end if;
    if not may_become then
      execute pg_catalog.format('grant %I to %I', wanted, current_user);
    end if;
  end loop;
end
$$;

do $$
begin
  if not exists (select from pg_catalog.pg_extension as e where e.extname = 'pgcrypto') then
    if exists (select from pg_catalog.pg_namespace as n where n.nspname = 'public') then
      create extension pgcrypto schema public;
    else
      create extension pgcrypto;
    end if;
  end if;
exception
  when undefined_file or feature_not_supported then
    raise exception 'The extension pgcrypto is not available on this server'
      using errcode = 'feature_not_supported',
            detail = sqlerrm,
            hint = 'Install PostgreSQL''s contrib modules on the server (Debian: they are part of postgresql-NN).';
  when unique_violation then
    if not exists (select from pg_catalog.pg_extension as e where e.extname = 'pgcrypto') then
      raise;
    end if; -- otherwise another installation was a moment faster
end
$$;

do $$
declare
  schema_name name;
  schema_owner name;
begin
  -- Go reads the names from here.
  foreach schema_name in array array[
    'postern',
    'postern_internal',
    'security_sys',
    'sec_checkpoint_gate_api',
    'message_sys',
    'fnd_session_api',
    'user_finance_api',
    'authorize_comb_finance_api',
    'int_led_auth_comb_finance_api'
  ] loop
    select pg_catalog.pg_get_userbyid(n.nspowner)
      into schema_owner
      from pg_catalog.pg_namespace as n
     where n.nspname = schema_name;
    if not found then
      begin
        execute pg_catalog.format('create schema %I authorization postern_owner', schema_name);
        continue;
      exception when duplicate_schema or unique_violation then
        -- Another installation was a moment faster, or somebody who wants to own what Postern installs.
        select pg_catalog.pg_get_userbyid(n.nspowner)
          into strict schema_owner
          from pg_catalog.pg_namespace as n
         where n.nspname = schema_name;
      end;
    end if;
    if schema_owner <> 'postern_owner' then
      -- The owner of a schema can drop everything in it, so Postern uses no schema of somebody else.
      raise exception 'Schema % exists and is not Postern''s', schema_name
        using errcode = 'duplicate_schema',
              detail = pg_catalog.format('It belongs to %s.', schema_owner),
              hint = pg_catalog.format('Rename it: alter schema %I rename to another_name; or, if this database was restored into a cluster without Postern''s roles, install Postern into an empty database of that cluster, then restore again.', schema_name);
    end if;
  end loop;
end
$$;

set local role postern_owner;

create table if not exists postern_internal.installation (
  installation_id bigint generated always as identity primary key,
  version text not null,
  schema_version integer not null,
  schema_sha256 text not null,
  code_sha256 text not null,
  code_objects text[] not null,
  built_at timestamptz,
  server_major integer not null,
  installed_at timestamptz not null default pg_catalog.clock_timestamp(),
  installed_by name not null default session_user
);
