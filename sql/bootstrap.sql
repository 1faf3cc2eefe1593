-- What has to exist before the first migration can run: the roles, the schemas, the one extension,
-- and the table in which the migrations are counted. Runs at the start of every install, as the
-- installing user, and changes nothing where all of it is there: roles belong to the cluster, so a
-- database that was restored elsewhere meets a cluster without them.

do $$
declare
  wanted record;
begin
  for wanted in
    select *
      from (values
        ('postern_owner',       'Postern: owns every object; member of nothing, nobody logs in as it'),
        ('postern_user',        'Postern: what an end user needs: checkpoints, own PIN, company and ledger checks'),
        ('postern_app',         'Postern: postern_user, and starting a session for an end user with a signed token'),
        ('postern_trusted_app', 'Postern: postern_app, and asserting an end user by name, unsigned'),
        ('postern_admin',       'Postern: gates, settings, users, companies, rules, PIN resets, actions, events'),
        ('postern_auditor',     'Postern: reads the log and its proofs')
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
begin
  -- Granted only where missing: two installations in one cluster must not update the same catalog rows.
  if not pg_catalog.pg_has_role('postern_app', 'postern_user', 'member') then
    grant postern_user to postern_app;
  end if;
  if not pg_catalog.pg_has_role('postern_trusted_app', 'postern_app', 'member') then
    grant postern_app to postern_trusted_app;
  end if;

  -- A managed server's administrator is no superuser: to create what postern_owner shall own it must
  -- be able to become it. The installer takes this membership away again when it has finished.
  if not pg_catalog.pg_has_role(current_user, 'postern_owner', 'member') then
    execute pg_catalog.format('grant postern_owner to %I', current_user);
  end if;
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
end
$$;

create schema if not exists postern authorization postern_owner;
create schema if not exists postern_internal authorization postern_owner;
create schema if not exists security_sys authorization postern_owner;
create schema if not exists sec_checkpoint_gate_api authorization postern_owner;
create schema if not exists message_sys authorization postern_owner;
create schema if not exists fnd_session_api authorization postern_owner;
