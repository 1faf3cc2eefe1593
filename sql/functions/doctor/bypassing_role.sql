-- The first role of a cluster is a superuser and cannot be anything else. Before PostgreSQL 16, CREATEROLE is enough to
-- become any role that is no superuser, also postern_owner. Only roles that work with Postern are reported for that,
-- because the administrator of a database needs it.

create or replace view postern_internal.bypassing_role as
  select case when u.is_used then 'error' else 'warn' end as level,
         'bypassing_role' as code, 'role ' || quote_ident(r.rolname) as object,
         'A login role bypasses row security' as title,
         format('It %s%s.', case when r.rolsuper then 'is a superuser' when r.rolbypassrls then 'is BYPASSRLS'
                                 else 'has CREATEROLE: it may become postern_owner' end,
                case when u.is_used then ', and works with Postern' else '' end) as detail,
         format('alter role %I%s%s%s;', r.rolname, case when r.rolsuper then ' nosuperuser' end, case when r.rolbypassrls then ' nobypassrls' end,
                case when p.may_become then ' nocreaterole' end) as fix
    from pg_roles as r
   cross join lateral (
     select exists (select from postern_internal.role_membership as m where m.member = r.oid and m.roleid = to_regrole('postern_user'))
            or exists (select from postern_internal.end_user as e where e.db_role = r.rolname and e.active) as is_used
   ) as u
   cross join lateral (
     select u.is_used and r.rolcreaterole and current_setting('server_version_num')::integer < 160000 as may_become
   ) as p
   where r.rolcanlogin and (r.rolsuper or r.rolbypassrls or p.may_become) and r.oid <> 10;
comment on view postern_internal.bypassing_role is 'Check of postern.doctor: login roles that are superusers or have BYPASSRLS, or, before PostgreSQL 16, work with Postern and have CREATEROLE.';
