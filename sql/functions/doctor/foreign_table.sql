-- A foreign table can have no policy, whatever it reads: another server, a file, or through this server itself the
-- protected table, a view on it, or Postern's own tables with their keys.

create or replace view postern_internal.foreign_table as
  with recursive
  guarded as materialized (
    select g.relation from postern_internal.guarded_table as g
  ),
  reading (relation) as (
    select g.relation from guarded as g
     union
    select c.oid from pg_class as c where c.relnamespace = 'postern_internal'::regnamespace and c.relkind in ('r', 'p')
     union
    select w.ev_class
      from reading as r
      join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite as w on w.oid = d.objid
  ),
  kept as materialized (
    select n.nspname, c.relname, format('%I.%I', n.nspname, c.relname) as identity
      from reading as r
      join pg_class as c on c.oid = r.relation
      join pg_namespace as n on n.oid = c.relnamespace
  ),
  described as materialized (
    select c.oid, c.relacl, c.relowner, s.srvname,
           coalesce((select o.option_value from pg_options_to_table(f.ftoptions) as o where o.option_name = 'schema_name'), n.nspname) as schema_name,
           coalesce((select o.option_value from pg_options_to_table(f.ftoptions) as o where o.option_name = 'table_name'), c.relname) as table_name,
           exists (select from pg_options_to_table(s.srvoptions) as o where o.option_name = 'dbname' and o.option_value = current_database())
             and not exists (select from pg_options_to_table(s.srvoptions) as o
                              -- libpq tries several hosts one after the other.
                              where o.option_name in ('host', 'hostaddr') and o.option_value <> ''
                                and not exists (select
                                                  from unnest(string_to_array(o.option_value, ',')) as one
                                                 where one ~ '^(localhost|127\..*|::1|/.*|)$' or one = host(inet_server_addr()))
                                 or o.option_name = 'port' and current_setting('port') <> all (string_to_array(o.option_value, ','))) as is_here
      from pg_foreign_table as f
      join pg_class as c on c.oid = f.ftrelid
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_foreign_server as s on s.oid = f.ftserver
     where not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  ),
  judged as (
    select d.*,
           (select p.identity from kept as p where d.is_here and p.nspname = d.schema_name and p.relname = d.table_name) as behind,
           (select t.identity
              from guarded as p
              join pg_inherits as h on h.inhrelid = p.relation
             cross join lateral pg_identify_object('pg_class'::regclass, h.inhparent, 0) as t
             where p.relation = d.oid
             limit 1) as above,
           (select k.attname from postern_internal.company_column as k where k.relation = d.oid limit 1) as company_column
      from described as d
  )
  select case when j.behind is not null or j.above is not null then 'error' else 'warn' end as level,
         'foreign_table' as code, 'foreign table ' || i.identity as object,
         'A foreign table shows rows without row security' as title,
         format('%s; readers: %s. A foreign table can have no policy.',
                case when j.behind is not null then format('Through the server %I it reads %s, which is protected or reads a protected table, as the role that is mapped there', j.srvname, j.behind)
                     when j.above is not null then format('It is a part of %s, which is protected', j.above)
                     else format('It has the column %I', j.company_column) end,
                concat_ws(', ', case when e.is_public then 'public' end, e.roles)) as detail,
         format('revoke all on %s from %s cascade;', i.identity, concat_ws(', ', 'public', e.roles)) as fix
    from judged as j
   cross join lateral (
     select string_agg(distinct case when x.grantee = 0 then null else quote_ident(pg_get_userbyid(x.grantee)) end, ', ') as roles,
            bool_or(x.grantee = 0) as is_public
       from (select j.relacl as acl
              union all
             select a.attacl from pg_attribute as a where a.attrelid = j.oid and a.attacl is not null) as s
      cross join lateral aclexplode(s.acl) as x
      where x.grantee <> j.relowner
   ) as e
   cross join lateral pg_identify_object('pg_class'::regclass, j.oid, 0) as i
   where (e.roles is not null or e.is_public)
     and (j.behind is not null or j.above is not null or j.company_column is not null);
comment on view postern_internal.foreign_table is 'Check of postern.doctor: foreign tables that roles other than their owner may read and that lead to a protected table of this database, are part of one, or have a company column.';
