create or replace view postern_internal.working_login as
  select a.oid, a.rolname from postern_internal.application_login as a
   union
  select r.oid, r.rolname
    from pg_roles as r
    join postern_internal.role_membership as m on m.member = r.oid
    join pg_roles as p on p.oid = m.roleid
   where r.rolcanlogin and p.rolname in ('postern_admin', 'postern_auditor', 'postern_sealer', 'postern_redactor', 'postern_event_worker');
comment on view postern_internal.working_login is 'For postern.doctor: login roles that work with Postern, as an application, an end user, an administrator, an auditor, a sealer, a redactor or a worker.';
