-- User-written functions and procedures, with everything that decides which of them a call means.
select p.oid,
       n.nspname as schema,
       p.proname as name,
       p.oid::regprocedure::text as signature,
       pg_catalog.oidvectortypes(p.proargtypes) as argument_types,
       l.lanname as language,
       p.prokind::text as kind,
       coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), '') as sql_body,
       case when l.lanname in ('c', 'internal') or p.prokind in ('a', 'w') or p.prosqlbody is not null then '' else p.prosrc end as source,
       coalesce(pg_catalog.pg_get_expr(p.proargdefaults, 0), '') as default_values,
       p.pronargdefaults as defaults,
       p.provariadic <> 0 as variadic,
       coalesce(p.proargnames, '{}') as argument_names,
       coalesce(p.proargmodes, array_fill('i'::"char", array[p.pronargs]))::text[] as argument_modes,
       array(select a.type::oid = 2249 or t.typtype = 'c'
               from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as a (type, position)
               join pg_catalog.pg_type as t on t.oid = a.type
              order by a.position) as argument_is_row,
       case when t.oid in ('trigger'::regtype, 'event_trigger'::regtype, 'void'::regtype) then t.typname
            when t.oid = 'record'::regtype or t.typtype = 'c' then 'record'
            else 'text' end as returns,
       p.proretset as returns_set,
       (select substr(setting, 13) from unnest(p.proconfig) as setting where starts_with(setting, 'search_path=')) as search_path,
       -- The functions of an aggregate.
       case when p.prokind in ('a', 'w')
            then array(select d.refobjid from pg_catalog.pg_depend as d
                        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass)
            else '{}' end as parts,
       p.prosecdef as definer
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  join pg_catalog.pg_language as l on l.oid = p.prolang
  join pg_catalog.pg_type as t on t.oid = p.prorettype
 where n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_t(oast|emp)'
 order by p.oid
