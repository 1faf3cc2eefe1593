-- The roles with which operators of managed servers replicate belong to them; nobody else can log in as one of them.

create or replace view postern_internal.replication_role as
  select case when exists (select from postern_internal.application_login as a where a.oid = r.oid) then 'error' else 'warn' end as level,
         'replication_role' as code, 'role ' || quote_ident(r.rolname) as object,
         'A role may copy the whole server' as title,
         format('It logs in and %s: with a base backup or a replication slot it gets all rows of all databases, including the keys of Postern.',
                case when r.rolreplication then 'has REPLICATION' else 'is a member of rds_replication' end) as detail,
         concat_ws(' ',
           case when r.rolreplication then format('alter role %I noreplication;', r.rolname) end,
           (select string_agg(format('revoke rds_replication from %I;', v.rolname), ' ' order by v.rolname)
              from postern_internal.role_membership as m
              join pg_roles as v on v.oid = m.last_member
             where m.member = r.oid and m.roleid = to_regrole('rds_replication'))) as fix
    from pg_roles as r
   where r.rolcanlogin and not r.rolsuper
     and (r.rolreplication
          or exists (select from postern_internal.role_membership as m where m.member = r.oid and m.roleid = to_regrole('rds_replication')))
     and (pg_get_userbyid(10) <> 'rdsadmin' or r.rolname <> 'rdsrepladmin')
     and (pg_get_userbyid(10) <> 'cloudsqladmin' or r.rolname <> 'cloudsqlreplica')
     and (pg_get_userbyid(10) <> 'azuresu' or r.rolname <> 'replication');
comment on view postern_internal.replication_role is 'Check of postern.doctor: login roles with REPLICATION, except superusers, which bypassing_role reports.';
