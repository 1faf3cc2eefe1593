-- A view reads with the rights of its owner. Only what it names directly counts: a view with security_invoker that it
-- names checks the user of the query again.

create or replace view postern_internal.view_without_security_invoker as
  with
  guarded as materialized (
    select g.relation, g.identity from postern_internal.guarded_table as g
  ),
  reading as materialized (
    select w.ev_class, string_agg(distinct g.identity, ', ') as tables
      from guarded as g
      join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = g.relation and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite as w on w.oid = d.objid
     group by w.ev_class
  )
  select case when o.rolsuper or o.rolbypassrls then 'error' else 'warn' end as level,
         'view_without_security_invoker' as code, 'view ' || i.identity as object,
         case when o.rolsuper or o.rolbypassrls then 'Everybody with a grant on this view reads the rows of all companies'
              else 'The view reads protected tables with the rights of its owner' end as title,
         format('It reads %s as %s%s.', g.tables, quote_ident(o.rolname),
                case when o.rolsuper or o.rolbypassrls then ', who bypasses row security' else '' end) as detail,
         format('alter view %s set (security_invoker = true);', i.identity) as fix
    from pg_class as v
    join pg_roles as o on o.oid = v.relowner
    join reading as g on g.ev_class = v.oid
   cross join lateral pg_identify_object('pg_class'::regclass, v.oid, 0) as i
   where v.relkind = 'v'
     and o.rolname <> 'postern_owner'
     and not exists (select from pg_options_to_table(v.reloptions) as x where x.option_name = 'security_invoker' and x.option_value::boolean);
comment on view postern_internal.view_without_security_invoker is 'Check of postern.doctor: views over protected tables that check their owner instead of the user.';
