-- Pieces of SQL that run where a relation is read or written: rules, column defaults, check constraints and policies.
-- Defaults and checks are included only if they call a user-written function: pg_depend leaves out the server's own.
select r.ev_class as relation,
       case r.ev_type when '1' then '{SELECT}' when '2' then '{UPDATE}' when '3' then '{INSERT}' else '{DELETE}' end::text[] as events,
       format('rule %I', r.rulename) as name,
       pg_catalog.pg_get_ruledef(r.oid) as source
  from pg_catalog.pg_rewrite as r
  join pg_catalog.pg_class as c on c.oid = r.ev_class
 where r.rulename <> '_RETURN'
   and c.relnamespace <> 'pg_catalog'::regnamespace
   and r.ev_enabled <> 'D'
union all
select d.adrelid,
       case when a.attgenerated = '' then '{INSERT}' else '{INSERT,UPDATE}' end::text[],
       format('default of %I', a.attname),
       'select ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)
  from pg_catalog.pg_attrdef as d
  join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
 where exists (select from pg_catalog.pg_depend as p
                where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_proc'::regclass)
union all
select k.conrelid,
       '{INSERT,UPDATE}',
       format('check %I', k.conname),
       'select ' || pg_catalog.pg_get_expr(k.conbin, k.conrelid)
  from pg_catalog.pg_constraint as k
 where k.contype = 'c'
   and k.conrelid <> 0
   and exists (select from pg_catalog.pg_depend as p
                where p.classid = 'pg_constraint'::regclass and p.objid = k.oid and p.refclassid = 'pg_proc'::regclass)
union all
select p.polrelid,
       case p.polcmd when 'r' then '{SELECT}' when 'a' then '{INSERT}' when 'w' then '{UPDATE}' when 'd' then '{DELETE}'
            else '{SELECT,INSERT,UPDATE,DELETE}' end::text[],
       format('policy %I', p.polname),
       concat_ws(', ', 'select ' || coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'null'),
                       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_catalog.pg_policy as p
