-- What is not Postern's and would not survive, or would fail without, the schemas $1: first what PostgreSQL
-- knows to depend on them, then what was put into them by others, then what names them in its text.

with recursive
schemas as (
  select n.oid, n.nspname from pg_namespace as n where n.nspname = any ($1)
),
reached (classid, objid, objsubid) as (
  select 'pg_namespace'::regclass::oid, s.oid, 0 from schemas as s
  union
  select next.classid, next.objid, next.objsubid
    from reached as r
   cross join lateral (
     select d.classid, d.objid, d.objsubid
       from pg_depend as d
      where d.refclassid = r.classid and d.refobjid = r.objid
        and (r.objsubid = 0 or d.refobjsubid = r.objsubid)
        and d.deptype <> 'e'
     union all
     -- A view hangs on its rule: what the rule depends on, the view depends on.
     select 'pg_class'::regclass::oid, w.ev_class, 0
       from pg_rewrite as w
      where r.classid = 'pg_rewrite'::regclass and w.oid = r.objid and w.rulename = '_RETURN'
   ) as next
),
located as (
  select r.classid, r.objid, r.objsubid,
         case
           when r.classid = 'pg_type'::regclass then (select n.nspname from pg_type as t join pg_namespace as n on n.oid = t.typnamespace where t.oid = r.objid)
           when r.classid = 'pg_class'::regclass then (select n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.oid = r.objid)
           when r.classid = 'pg_constraint'::regclass then (select n.nspname from pg_constraint as k join pg_namespace as n on n.oid = k.connamespace where k.oid = r.objid)
           when r.classid = 'pg_default_acl'::regclass then 'pg_toast'  -- goes with the schema, and nobody misses it
           else (pg_identify_object_as_address(r.classid, r.objid, r.objsubid)).object_names[1]
         end as schema
    from reached as r
)
select description
  from (
    select distinct pg_describe_object(l.classid, l.objid, l.objsubid) as description
      from located as l
     where coalesce(l.schema, '') <> all ($1 || array['pg_toast'])
       -- Parts of what is listed anyway.
       and not (l.classid = 'pg_rewrite'::regclass and exists (select from pg_rewrite as w where w.oid = l.objid and w.rulename = '_RETURN'))
       and not (l.classid = 'pg_trigger'::regclass and exists (select from pg_trigger as g where g.oid = l.objid and g.tgisinternal))
       and not (l.classid = 'pg_type'::regclass and exists (
             select from pg_type as t where t.oid = l.objid and (t.typrelid <> 0 or exists (select from pg_type as e where e.typarray = t.oid))))

    union all
    select format('%s, which %s put into schema %s', pg_describe_object(o.classid, o.oid, 0), pg_get_userbyid(o.owner), s.nspname)
      from (
        select 'pg_class'::regclass as classid, c.oid, c.relowner as owner, c.relnamespace as namespace
          from pg_class as c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union all
        select 'pg_proc'::regclass, p.oid, p.proowner, p.pronamespace from pg_proc as p
        union all
        select 'pg_type'::regclass, t.oid, t.typowner, t.typnamespace
          from pg_type as t where t.typtype in ('e', 'd', 'r')
      ) as o
      join schemas as s on s.oid = o.namespace
     where pg_get_userbyid(o.owner) not in ('postern_owner', 'postern_event_function')

    union all
    select format('function %s, which names Postern in its text and would fail', p.oid::regprocedure)
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
     where not n.nspname = any ($1)
       and n.nspname not in ('pg_catalog', 'information_schema')
       and p.prosqlbody is null
       and p.prosrc ~* ('\m(' || array_to_string($1, '|') || ')\.')
  ) as dependents
 order by description
