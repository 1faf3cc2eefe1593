create or replace view postern_internal.admin_application as
  select 'warn' as level, 'admin_application' as code, 'role ' || quote_ident(a.rolname) as object,
         'An application is an administrator' as title,
         'It can start sessions for end users and has postern_admin: an attacker who makes it send SQL can switch gates off, or give users new PINs.' as detail,
         format('revoke postern_admin from %I;', v.rolname) as fix
    from postern_internal.application_login as a
    join postern_internal.role_membership as m on m.member = a.oid and m.roleid = to_regrole('postern_admin')
    join pg_roles as v on v.oid = m.last_member
   where exists (select from postern_internal.role_membership as p where p.member = a.oid and p.roleid = to_regrole('postern_app'));
comment on view postern_internal.admin_application is 'Check of postern.doctor: roles that log in and are members of postern_admin and of postern_app.';
