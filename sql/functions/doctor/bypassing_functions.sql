-- A policy checks the end user, whoever runs a function, and it is forced on the owner of the table. So a function that
-- runs as its owner shows no more than the user may see, unless that owner is a superuser or has BYPASSRLS. What a body
-- reads is judged by its words, without comments: by the names after FROM, JOIN, UPDATE and the like, even inside a
-- string. A view with security_invoker passes on the rights of the function, and so does a function without SECURITY
-- DEFINER. A statement that is assembled from values names no table, so it is not found.
--
-- A function, because the planner would otherwise expect millions of rows and use JIT compilation. A database that has
-- just been restored has no statistics; there the planner would choose nested loops over all names, which took more
-- than a minute for 10,000 objects.

create or replace function postern.bypassing_functions()
returns table (function oid, tables text, functions text, suitable_owner oid)
language plpgsql
stable
rows 10
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_nestloop = off
as $$
begin
  return query
    with recursive
    bypassing as materialized (
      select r.oid, r.rolname from pg_roles as r where r.rolsuper or r.rolbypassrls
    ),
    candidate as materialized (
      select p.oid, p.proowner
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        join pg_language as l on l.oid = p.prolang
        join bypassing as b on b.oid = p.proowner
       where p.prosecdef
         and l.lanname not in ('c', 'internal')
         and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
         -- A trigger function runs even if nobody has a right to it.
         and (p.prorettype = 'trigger'::regtype or p.proacl is null or exists (select from aclexplode(p.proacl) as x where x.grantee <> p.proowner))
         and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    ),
    guarded as materialized (
      select g.relation, g.identity, g.relowner from postern_internal.guarded_table as g where exists (select from candidate)
    ),
    readable (relation, guarded) as (
      select g.relation, g.relation from guarded as g
      union
      select v.oid, r.guarded
        from readable as r
        join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
        join pg_rewrite as w on w.oid = d.objid
        join pg_class as v on v.oid = w.ev_class and v.relkind = 'v'
       where exists (select from pg_options_to_table(v.reloptions) as x where x.option_name = 'security_invoker' and x.option_value::boolean)
    ),
    named as materialized (
      select r.guarded, lower(c.relname) as word, lower(n.nspname) as schema
        from readable as r
        join pg_class as c on c.oid = r.relation
        join pg_namespace as n on n.oid = c.relnamespace
    ),
    body as materialized (
      select p.oid, lower(p.proname) as word, p.prosecdef,
             regexp_replace(lower(p.prosrc), E'("(?:[^"]|"")*")|--[^\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/', E'\\1 ', 'g') as source
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        join pg_language as l on l.oid = p.prolang
       where exists (select from candidate) and exists (select from guarded)
         and p.prosqlbody is null
         and l.lanname not in ('c', 'internal')
         and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
         and n.nspowner is distinct from to_regrole('postern_owner')
         and (not p.prosecdef or p.oid in (select c.oid from candidate as c))
    ),
    -- Bound to its tables when it was created.
    bound as materialized (
      select p.oid, lower(p.proname) as word, r.guarded
        from readable as r
        join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_proc'::regclass
        join pg_proc as p on p.oid = d.objid and p.prosqlbody is not null
       where exists (select from candidate)
    ),
    invoker as materialized (
      select b.oid, b.word from body as b where not b.prosecdef
      union
      select b.oid, b.word from bound as b join pg_proc as p on p.oid = b.oid and not p.prosecdef
    ),
    -- A clause extends as far as there are names, commas and aliases.
    clause as materialized (
      select b.oid, regexp_replace(c.part[1], E'\\m(where|on|group|order|set|limit|loop|values|returning|for|union|having|when)\\M.*', '') as names
        from body as b
       cross join lateral regexp_matches(b.source, E'\\m(?:from|join|update|insert\\s+into|merge\\s+into|only|table|using)\\s+((?:"(?:[^"]|"")+"|[\\w.$\\s,])+)', 'g') as c (part)
    ),
    direct (function, guarded) as (
      select c.oid, k.guarded
        from clause as c
       cross join lateral regexp_matches(c.names, E'("(?:[^"]|"")+"|[\\w$]+)(?:\\s*\\.\\s*("(?:[^"]|"")+"|[\\w$]+))?', 'g') as r (part)
        join named as k on k.word = replace(btrim(coalesce(r.part[2], r.part[1]), '"'), '""', '"')
                       and (r.part[2] is null or k.schema = replace(btrim(r.part[1], '"'), '""', '"'))
       union
      select b.oid, b.guarded from bound as b
    ),
    calling (caller, called) as materialized (
      select b.oid, i.oid
        from body as b
       cross join lateral regexp_matches(b.source, E'("(?:[^"]|"")+"|[\\w$]+)\\s*\\(', 'g') as c (part)
        join invoker as i on i.word = replace(btrim(c.part[1], '"'), '""', '"') and i.oid <> b.oid
       where exists (select from direct as d join invoker as x on x.oid = d.function)
    ),
    -- Which functions lead to tables of which owners. Not to which tables: in a large application each function leads
    -- to hundreds, which would make millions of pairs.
    reaching (function, relowner) as (
      select d.function, g.relowner from direct as d join guarded as g on g.relation = d.guarded
      union
      select c.caller, r.relowner from reaching as r join calling as c on c.called = r.function
    ),
    owned as materialized (
      select r.function, min(r.relowner::bigint)::oid as relowner, count(*) = 1 as alone
        from reaching as r
       group by r.function
    ),
    naming as materialized (
      select d.function, string_agg(g.identity, ', ' order by g.identity) as tables
        from direct as d join guarded as g on g.relation = d.guarded
       group by d.function
    ),
    leading_on as materialized (
      select k.caller, string_agg(i.identity, ', ' order by i.identity) as functions
        from (select distinct c.caller, c.called from calling as c join owned as o on o.function = c.called
               where c.caller in (select x.oid from candidate as x)) as k
       cross join lateral pg_identify_object('pg_proc'::regclass, k.called, 0) as i
       group by k.caller
    )
      select c.oid, n.tables, l.functions,
             case when o.alone and o.relowner not in (select b.oid from bypassing as b) and o.relowner is distinct from to_regrole('postern_owner')
                  then o.relowner end
        from candidate as c
        join owned as o on o.function = c.oid
        left join naming as n on n.function = c.oid
        left join leading_on as l on l.caller = c.oid;
end
$$;
revoke execute on function postern.bypassing_functions() from public;
grant execute on function postern.bypassing_functions() to postern_admin, postern_auditor;
comment on function postern.bypassing_functions() is
'For postern.doctor: SECURITY DEFINER functions of superusers and roles with BYPASSRLS that others may call, and that name protected tables or functions that do. tables: those that it names itself. functions: those that it calls and that lead to protected tables. suitable_owner: the owner of all of these, if row security applies to that role.';
