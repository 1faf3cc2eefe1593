create or replace view postern_internal.unpinned_search_path as
  select case when o.rolsuper or o.rolbypassrls or o.rolname = 'postern_owner' then 'error' else 'warn' end as level,
         'unpinned_search_path' as code, i.type || ' ' || i.identity as object,
         'The caller of the function decides what its names mean' as title,
         format('It runs as %s but uses its caller''s search_path.', quote_ident(o.rolname)) as detail,
         -- The path with which PostgreSQL finds what the function names, without the schemas in which everybody may
         -- create objects.
         format('alter %s %s set search_path = %s;', case p.prokind when 'p' then 'procedure' else 'function' end, i.identity,
                concat_ws(', ', 'pg_catalog',
                          case when not s.is_open then quote_ident(n.nspname) end,
                          case when n.nspname <> 'public' and exists (select from pg_namespace as u where u.nspname = 'public'
                                                                       and not exists (select from aclexplode(u.nspacl) as a where a.grantee = 0 and a.privilege_type = 'CREATE'))
                               then 'public' end,
                          'pg_temp')) as fix
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    join pg_roles as o on o.oid = p.proowner
    join pg_language as l on l.oid = p.prolang
   cross join lateral (select exists (select from aclexplode(n.nspacl) as a where a.grantee = 0 and a.privilege_type = 'CREATE') as is_open) as s
   cross join lateral pg_identify_object('pg_proc'::regclass, p.oid, 0) as i
   where p.prosecdef
     and not exists (select from unnest(p.proconfig) as c where c ilike 'search_path=%')
     -- Bound to its names when it was created, or not SQL at all.
     and p.prosqlbody is null
     and l.lanname not in ('c', 'internal')
     and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_temp'
     and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e');
comment on view postern_internal.unpinned_search_path is 'Check of postern.doctor: SECURITY DEFINER functions that use their caller''s search_path.';
