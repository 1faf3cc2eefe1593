-- If nothing names a gate, there is nothing to read, and it is known that nothing calls gates. The names are those of
-- gateMentions in internal/callgraph; a test compares the two. What is stored in parsed form instead of as text refers
-- to the functions by OID.

create or replace view postern_internal.current_gate_reading as
  select case when m.mentioned then r.callers else '[]' end as callers,
         case when m.mentioned then r.fingerprint is not distinct from postern.gate_fingerprint() else true end as is_current,
         r.read_at, r.read_by
    from (
    select exists (
             select from (
               select p.prosrc
                 from pg_proc as p
                 join pg_namespace as n on n.oid = p.pronamespace
                 join pg_language as l on l.oid = p.prolang
                where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
                  and pg_get_userbyid(n.nspowner) <> 'postern_owner'
                  and l.lanname not in ('c', 'internal') and p.prosqlbody is null
               offset 0 -- otherwise the planner reads the text of every function first
             ) as f
              where lower(f.prosrc) ~ 'checkpoint|begin_action|u&"|\\u'
                 -- It may swallow the error of a guard, without naming a gate.
                 or lower(f.prosrc) ~ '\mexception\s+when\M' and exists (select from postern_internal.protected_table as g where g.protection = 'gate'))
           or exists (
             select from pg_depend as d
               left join pg_proc as p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
               left join pg_namespace as n on n.oid = p.pronamespace
              where d.refclassid = 'pg_proc'::regclass
                and d.refobjid in (select g.oid
                                     from pg_proc as g
                                     join pg_namespace as o on o.oid = g.pronamespace
                                    where o.nspname = 'postern' and g.proname in ('checkpoint', 'begin_action')
                                       or o.nspname = 'security_sys' and g.proname = 'security_checkpoint')
                and (n.oid is null or pg_get_userbyid(n.nspowner) <> 'postern_owner')) as mentioned
    offset 0 -- otherwise it is found out for each column
    ) as m
    -- The limit tells the planner that this is one row; for more it would JIT-compile all checks.
    left join (select g.callers, g.fingerprint, g.read_at, g.read_by from postern_internal.gate_reading as g limit 1) as r on true;
comment on view postern_internal.current_gate_reading is 'For postern.doctor: one row. callers: what calls gates, as far as it was read; NULL: never read. is_current: nothing has changed since that the reading depends on.';
