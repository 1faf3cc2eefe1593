create or replace view postern.allowed_login as
  select a.db_role,
         case when r.oid is null then 'no_such_role'
              when a.system_identifier = c.system_identifier and r.oid <> a.role_oid then 'other_role'
              else 'allowed' end as state,
         a.allowed_at, a.allowed_by
    from postern_internal.allowed_login as a
   cross join (select s.system_identifier from pg_catalog.pg_control_system() as s) as c
    left join pg_catalog.pg_roles as r on r.rolname = a.db_role;
revoke all on postern.allowed_login from public;
grant select on postern.allowed_login to postern_admin, postern_auditor;
comment on view postern.allowed_login is 'Logins that may use memberships of postern_trusted_app, postern_admin, postern_sealer, postern_redactor and postern_event_worker in this database, as added by allow_login. state: allowed; or no_such_role, or other_role (another role has the name): then the entry has no effect. Superusers need no entry.';
