-- The first role of a cluster is a superuser and cannot be anything else.

create or replace view postern_internal.bypassing_role as
  select case when u.is_used then 'error' else 'warn' end as level,
         'bypassing_role' as code, 'role ' || quote_ident(r.rolname) as object,
         'A login role bypasses row security' as title,
         format('It is %s%s.', case when r.rolsuper then 'a superuser' else 'BYPASSRLS' end,
                case when u.is_used then ', and works with Postern' else '' end) as detail,
         format('alter role %I%s%s;', r.rolname, case when r.rolsuper then ' nosuperuser' end, case when r.rolbypassrls then ' nobypassrls' end) as fix
    from pg_roles as r
   cross join lateral (
     select exists (select from postern_internal.role_membership as m where m.member = r.oid and m.roleid = to_regrole('postern_user'))
            or exists (select from postern_internal.end_user as e where e.db_role = r.rolname and e.active) as is_used
   ) as u
   where r.rolcanlogin and (r.rolsuper or r.rolbypassrls) and r.oid <> 10;
comment on view postern_internal.bypassing_role is 'Check of postern.doctor: login roles that are superusers or have BYPASSRLS.';
