-- What has to exist before the first migration can run: the roles, the schemas, the one extension, and
-- the table in which installations are recorded. Runs at the start of every install, as the installing
-- user, and changes nothing where all of it is there: roles belong to the cluster, so a database that was
-- restored elsewhere meets a cluster without them. Which rights are missing has been asked before. Ends as postern_owner, for
-- this transaction: who shall own all that follows.

do $$
begin
  if pg_catalog.current_setting('server_version_num')::integer < 150000 then
    raise exception 'Postern needs PostgreSQL 15 or later'
      using errcode = 'feature_not_supported',
            detail = pg_catalog.format('This server is PostgreSQL %s.', pg_catalog.current_setting('server_version')),
            hint = 'Upgrade the server first.';
  end if;
  -- In SQL_ASCII one user's comment may be bytes that no reader understands, and others cannot hold every message.
  if pg_catalog.current_setting('server_encoding') <> 'UTF8' then
    raise exception 'Postern needs a database in UTF8'
      using errcode = 'feature_not_supported',
            detail = pg_catalog.format('Database %s is in %s.', pg_catalog.current_database(), pg_catalog.current_setting('server_encoding')),
            hint = 'Create a database with: create database NAME template template0 encoding ''UTF8''; dump this one and restore it there.';
  end if;
end
$$;

do $$
declare
  wanted record;
begin
  if pg_catalog.current_setting('server_version_num')::integer >= 160000 then
    -- Whoever creates roles may have set this to join each of them, and would stay in postern_owner.
    perform pg_catalog.set_config('createrole_self_grant', '', true);
  end if;
  -- Go reads the names, and below who is a member of whom, from here.
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
        ('postern_sealer',      'Postern: seals the log and exports it')
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
  -- A managed server's administrator is no superuser: to create what these roles shall own it must be able
  -- to become them. The same transaction takes these memberships away again, so nobody ever sees them.
  foreach wanted in array array['postern_owner', 'postern_event_function'] loop
    -- From PostgreSQL 16 on, who created a role is a member of it without the right to become it.
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
exception when undefined_file or feature_not_supported then
  raise exception 'The extension pgcrypto is not available on this server'
    using errcode = 'feature_not_supported',
          detail = sqlerrm,
          hint = 'Install PostgreSQL''s contrib modules on the server (Debian: they are part of postgresql-NN).';
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
        -- Another installation was a moment faster, or somebody who wanted to own what Postern installs.
        select pg_catalog.pg_get_userbyid(n.nspowner)
          into strict schema_owner
          from pg_catalog.pg_namespace as n
         where n.nspname = schema_name;
      end;
    end if;
    if schema_owner <> 'postern_owner' then
      -- Who owns a schema can drop whatever is in it: a schema that waited here for Postern is none of Postern's.
      raise exception 'Schema % exists and is not Postern''s', schema_name
        using errcode = 'duplicate_schema',
              detail = pg_catalog.format('It belongs to %s.', schema_owner),
              hint = pg_catalog.format('Rename it: alter schema %I rename to another_name; or, where this database was restored into a cluster without Postern''s roles, install Postern into an empty database of that cluster, then restore again.', schema_name);
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
