create or replace view postern_internal.trigger_switch as
  select distinct 'error' as level, 'trigger_switch' as code,
         'role ' || coalesce(quote_ident(r.rolname), 'public') as object,
         'An application may disable all triggers' as title,
         'It may set session_replication_role: then no trigger runs, neither those that keep the log as it is nor those that refuse TRUNCATE.' as detail,
         format('revoke set on parameter session_replication_role from %s cascade;', coalesce(quote_ident(r.rolname), 'public')) as fix
    from pg_parameter_acl as p
   cross join lateral aclexplode(p.paracl) as x
    left join pg_roles as r on r.oid = x.grantee
   where p.parname = 'session_replication_role'
     and x.privilege_type = 'SET'
     and (x.grantee = 0
          or exists (select from postern_internal.application_login as a
                      where a.oid = x.grantee
                         or exists (select from postern_internal.role_membership as m where m.member = a.oid and m.roleid = x.grantee)));
comment on view postern_internal.trigger_switch is 'Check of postern.doctor: roles of applications that may set session_replication_role.';
