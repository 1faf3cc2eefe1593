-- What CREATEROLE allows before PostgreSQL 16, bypassing_role says.

create or replace view postern_internal.bypassing_membership as
  select distinct 'error' as level, 'bypassing_membership' as code, 'role ' || quote_ident(a.rolname) as object,
         'An application may become a role that bypasses row security' as title,
         format('It may become %s, which is %s%s.', quote_ident(b.rolname), case when b.rolsuper then 'a superuser' when b.rolbypassrls then 'BYPASSRLS' else 'CREATEROLE, and so postern_owner' end,
                case when m.last_member <> a.oid then ', by ' || quote_ident(v.rolname) else '' end) as detail,
         format('revoke %I from %I;', b.rolname, v.rolname) as fix
    from postern_internal.application_login as a
    join postern_internal.role_membership as m on m.member = a.oid
    join pg_roles as b on b.oid = m.roleid and (b.rolsuper or b.rolbypassrls or b.rolcreaterole and current_setting('server_version_num')::integer < 160000)
    join pg_roles as v on v.oid = m.last_member;
comment on view postern_internal.bypassing_membership is 'Check of postern.doctor: roles of applications that are members of superusers or of roles with BYPASSRLS, or, before PostgreSQL 16, with CREATEROLE.';
