-- What sqlc has to know of an installation, as statements that it understands. It knows few of PostgreSQL's catalogs,
-- so a view that reads them, or reads such a view, becomes a table with the view's columns.
with recursive own as (
  select c.oid, c.relkind, c.relnamespace, c.relname, format('%I.%I', n.nspname, c.relname) as identity
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   where n.nspowner = 'postern_owner'::pg_catalog.regrole
     and c.relkind in ('r', 'p', 'v')
     and not c.relispartition
), reading as (
  -- By the parse trees: pg_depend leaves out what every database has.
  select distinct r.ev_class as reader, m.oid[1]::pg_catalog.oid as read
    from pg_catalog.pg_rewrite as r
   cross join pg_catalog.regexp_matches(r.ev_action::text, ':relid ([1-9][0-9]*) ', 'g') as m (oid)
   where m.oid[1]::pg_catalog.oid <> r.ev_class
), opaque as (
  select r.reader as oid
    from reading as r
   where r.read < 16384
   union
  select r.reader
    from opaque as o
    join reading as r on r.read = o.oid
), statement as (
  select 1 as part, n.oid, format('create schema %I;', n.nspname) as text
    from pg_catalog.pg_namespace as n
   where n.nspowner = 'postern_owner'::pg_catalog.regrole
   union all
  select 2, o.oid,
         format('create table %s (%s);', o.identity,
                (select string_agg(format(E'\n  %I %s%s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                                          case when a.attnotnull then ' not null' else '' end), ',' order by a.attnum)
                   from pg_catalog.pg_attribute as a
                  where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped))
    from own as o
   where o.relkind <> 'v' or o.oid in (select p.oid from opaque as p)
   union all
  select 3, p.oid,
         case p.prokind
           when 'p' then format('create procedure %s(%s) language sql as %L;', name.identity, name.arguments, 'select')
           else format('create function %s(%s) returns %s language sql return null;', name.identity, name.arguments, pg_catalog.pg_get_function_result(p.oid))
         end
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
   cross join lateral (select format('%I.%I', n.nspname, p.proname), pg_catalog.pg_get_function_arguments(p.oid)) as name (identity, arguments)
   where n.nspowner = 'postern_owner'::pg_catalog.regrole and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
   union all
  select 4, o.oid, format(E'create view %s as\n%s', o.identity, pg_catalog.pg_get_viewdef(o.oid))
    from own as o
   where o.relkind = 'v' and o.oid not in (select p.oid from opaque as p)
   union all
  select 5, o.oid, format('comment on %s %s is %L;', case when o.relkind = 'v' and o.oid not in (select p.oid from opaque as p) then 'view' else 'table' end,
                          o.identity, d.description)
    from own as o
    join pg_catalog.pg_description as d on d.objoid = o.oid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
   where o.relnamespace = 'postern'::pg_catalog.regnamespace
)
select s.text
  from statement as s
 order by s.part, case when s.part = 4 then s.oid end, s.text;
