-- Postern's roles as they are, in the form of inventory.sql. $1 are their names.

select 'role' as kind, r.rolname::text as name,
       concat_ws(e'\n',
         case when r.rolcanlogin then 'login' else 'nologin' end,
         case when r.rolinherit then 'inherit' else 'noinherit' end,
         case when r.rolsuper then 'superuser' end,
         case when r.rolcreaterole then 'createrole' end,
         case when r.rolcreatedb then 'createdb' end,
         case when r.rolreplication then 'replication' end,
         case when r.rolbypassrls then 'bypassrls' end,
         -- From PostgreSQL 16 on, several roles may have granted the same.
         (select string_agg(distinct ('member of ' || pg_get_userbyid(m.roleid) || case when m.admin_option then ' with admin option' else '' end) collate "C",
                            e'\n')
            from pg_auth_members as m where m.member = r.oid),
         (select string_agg('set ' || p.setting, e'\n' order by p.setting collate "C")
            from pg_db_role_setting as s cross join lateral unnest(s.setconfig) as p (setting)
           where s.setrole = r.oid and s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))),
         case when r.rolname in ('postern_owner', 'postern_event_function') then
           (select string_agg(distinct ('has the member ' || pg_get_userbyid(m.member)) collate "C", e'\n')
              from pg_auth_members as m
             where m.roleid = r.oid
               -- From PostgreSQL 16 on, who created a role keeps the right to grant it, and that alone.
               and not (m.admin_option
                        and coalesce(to_jsonb(m) ->> 'inherit_option', 'true') = 'false'
                        and coalesce(to_jsonb(m) ->> 'set_option', 'true') = 'false'))
         end,
         -- They would change what an installation creates.
         case when r.rolname in ('postern_owner', 'postern_event_function') then
           (select string_agg(format('default privileges on %s%s: %s',
                                case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas' end,
                                ' in schema ' || n.nspname, a.defaclacl), e'\n' order by n.nspname, a.defaclobjtype)
              from pg_default_acl as a left join pg_namespace as n on n.oid = a.defaclnamespace
             where a.defaclrole = r.oid)
         end) as definition,
       '' as query,
       '{}'::text[] as grants
  from pg_roles as r
 where r.rolname = any ($1)

union all
select 'extension', e.extname::text, 'present', '', '{}'
  from pg_extension as e
 where e.extname = 'pgcrypto'
