-- Whoever may write the table may leave the functions out, and with them the gate. An action without a checkpoint asks
-- nobody, so what it leads to is reached without a gate. An application's role is one that works for end users: a login
-- that application_login lists, a role that it may become, or one of Postern's roles for applications, whose members come
-- later.

create or replace function postern_internal.ungated_write(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  with writer as materialized (
    select pg_catalog.row_number() over () as number, c.name, c.writes, c.behind
      from pg_catalog.jsonb_to_recordset(callers) as c (name text, writes jsonb, behind jsonb)
     where c.writes <> '[]'
  ),
  begun as materialized (
    select w.number, a.checkpoint
      from writer as w
     cross join lateral pg_catalog.jsonb_array_elements_text(w.behind -> 'actions') as k (action)
      left join postern_internal.action as a on a.action = k.action
  ),
  asking as materialized (
    select n.number, pg_catalog.array_agg(distinct r.gate_id order by r.gate_id) as gates
      from (
        select w.number, k.gate_id from writer as w cross join lateral pg_catalog.jsonb_array_elements_text(w.behind -> 'gates') as k (gate_id)
         union all
        select b.number, b.checkpoint from begun as b
      ) as n
      join postern_internal.gate as r on r.gate_id = n.gate_id
     where not r.built_in
     group by n.number
  ),
  written as materialized (
    select c.name as function, w.schema, w."table", w.operation, w.columns, a.gates, c.behind -> 'definers' as definers
      from asking as a
      join writer as c on c.number = a.number
     cross join lateral pg_catalog.jsonb_to_recordset(c.writes) as w (schema text, "table" text, operation text, columns text[])
     where a.number not in (select b.number from begun as b where b.checkpoint is null)
  ),
  ungated as materialized (
    select t.oid as relation, t.relnamespace, t.relowner, t.relacl, w.function, w.operation, w.columns, w.gates, w.definers
      from written as w
      join pg_catalog.pg_namespace as n on n.nspname = w.schema
      join pg_catalog.pg_class as t on t.relnamespace = n.oid and t.relname = w."table" and t.relkind in ('r', 'p')
     where not exists (select
                         from postern_internal.guarded_relation as g
                        where g.relation = t.oid and g.place <> 'above' and w.operation = any (g.operations)
                          and (w.operation <> 'update' or g.columns is null or w.columns is null or g.columns::text[] && w.columns))
  ),
  application as materialized (
    select l.oid from postern_internal.application_login as l
     union
    select m.roleid from postern_internal.application_login as l join postern_internal.role_membership as m on m.member = l.oid
     union
    select r.oid from pg_catalog.pg_roles as r where r.rolname in ('postern_user', 'postern_app', 'postern_trusted_app')
  ),
  -- Whoever may call them needs no right to the table. The names are keys of one object, and not rows: for few rows the
  -- planner would expect few functions, and compare each with each.
  definer as materialized (
    select s.name, p.pronamespace, p.proowner, p.proacl
      from pg_catalog.pg_proc as p
     cross join lateral (select p.oid::pg_catalog.regprocedure::text as name) as s
     where p.prosecdef
       and (select pg_catalog.jsonb_object_agg(k.name, null)
              from ungated as u
             cross join lateral pg_catalog.jsonb_array_elements_text(u.definers) as k (name)) ? s.name
  ),
  -- Without USAGE on the schema nobody reaches what is in it.
  usable as materialized (
    select s.namespace, a.oid as role
      from (select u.relnamespace as namespace from ungated as u union select d.pronamespace from definer as d) as s
      join application as a on pg_catalog.has_schema_privilege(a.oid, s.namespace, 'usage')
  ),
  -- Whose grants count: each role that may use the schema has those of everybody and of the roles that it is a member of.
  entitled as materialized (
    select u.namespace, u.role from usable as u
     union
    select u.namespace, 0::pg_catalog.oid from usable as u
     union
    select u.namespace, m.roleid
      from usable as u
      join postern_internal.role_membership as m on m.member = u.role
      join application as a on a.oid = m.roleid
  ),
  granted as materialized (
    select t.relation, lower(x.privilege_type) as operation, x.attname::text as "column", x.grantee
      from (select distinct u.relation, u.relnamespace, u.relowner, u.relacl from ungated as u) as t
     cross join lateral (
       select a.grantee, a.privilege_type, null::name as attname from pg_catalog.aclexplode(coalesce(t.relacl, pg_catalog.acldefault('r', t.relowner))) as a
        union all
       select a.grantee, a.privilege_type, c.attname
         from pg_catalog.pg_attribute as c cross join lateral pg_catalog.aclexplode(c.attacl) as a
        where c.attrelid = t.relation and not c.attisdropped
     ) as x
      join entitled as e on e.namespace = t.relnamespace and e.role = x.grantee
     where x.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
  ),
  callable as materialized (
    select pg_catalog.jsonb_object_agg(c.name, c.grantees) as grantees
      from (
        select d.name, pg_catalog.jsonb_agg(distinct a.grantee::text) as grantees
          from definer as d
         cross join lateral pg_catalog.aclexplode(coalesce(d.proacl, pg_catalog.acldefault('f', d.proowner))) as a
          join entitled as e on e.namespace = d.pronamespace and e.role = a.grantee
         group by d.name
      ) as c
  ),
  found as materialized (
    select f.relation, f.function, f.operation, f.columns, f.gates, f.definer,
           case when f.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(f.grantee)) end as grantee
      from (
        select u.relation, u.function, u.operation, u.columns, u.gates, g.grantee, null as definer
          from ungated as u
          join granted as g on g.relation = u.relation and g.operation = u.operation
                           and (g."column" is null or u.columns is null or g."column" = any (u.columns))
         union all
        select u.relation, u.function, u.operation, u.columns, u.gates, g.grantee::pg_catalog.oid, k.name
          from ungated as u
         cross join lateral pg_catalog.jsonb_array_elements_text(u.definers) as k (name)
         cross join lateral pg_catalog.jsonb_array_elements_text((select c.grantees from callable as c) -> k.name) as g (grantee)
      ) as f
  ),
  gates as materialized (
    select f.relation, pg_catalog.array_agg(distinct k.gate_id order by k.gate_id) as gates
      from (select distinct o.relation, o.gates from found as o) as f
     cross join lateral pg_catalog.unnest(f.gates) as k (gate_id)
     group by f.relation
  ),
  -- An UPDATE that names no columns may write any.
  updated as materialized (
    select f.relation, case when pg_catalog.bool_and(f.columns is not null) then pg_catalog.array_agg(distinct k.name order by k.name) end as columns
      from (select distinct o.relation, o.columns from found as o where o.operation = 'update') as f
      left join lateral pg_catalog.unnest(f.columns) as k (name) on true
     group by f.relation
  ),
  open as (
    select f.relation, g.identity, g.gates, u.columns,
           pg_catalog.array_agg(distinct f.operation order by f.operation) as operations,
           pg_catalog.string_agg(distinct f.function, ', ' order by f.function) as functions,
           pg_catalog.string_agg(distinct f.operation, ', ' order by f.operation) filter (where f.definer is null) as granted,
           pg_catalog.string_agg(distinct f.grantee, ', ' order by f.grantee) filter (where f.definer is null) as grantees,
           pg_catalog.string_agg(distinct f.definer, ', ' order by f.definer) filter (where f.definer is not null) as definers,
           pg_catalog.string_agg(distinct f.grantee, ', ' order by f.grantee) filter (where f.definer is not null) as callers
      from found as f
      join (select n.relation, n.gates, o.identity from gates as n cross join lateral pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, n.relation, 0) as o) as g
        on g.relation = f.relation
      left join updated as u on u.relation = f.relation
     group by f.relation, g.identity, g.gates, u.columns
  )
  select 'warn' as level, 'ungated_write' as code, 'table ' || o.identity as object,
         'An application may write a table past the gate of its functions' as title,
         pg_catalog.format('Behind gate %s, it is written by %s. Without the gate, %s.', pg_catalog.array_to_string(o.gates, ', '),
                           case when length(o.functions) > 1000 then pg_catalog.left(o.functions, 1000) || ' and others' else o.functions end,
                           pg_catalog.concat_ws(', and ', o.grantees || ' may ' || o.granted || ' it directly',
                                                o.callers || ' may call ' || case when length(o.definers) > 1000 then pg_catalog.left(o.definers, 1000) || ' and others' else o.definers end
                                                || ', with the rights of its owner')) as detail,
         case when pg_catalog.cardinality(o.gates) = 1 and p.fits
              then postern.guard_statement(o.identity, o.gates[1], o.operations, o.columns::name[], null, null, true)
              else 'Guard the table with postern.protect_gate, or have the functions that call the gate run with their owner''s rights, and run: '
                   || pg_catalog.concat_ws(' ', 'revoke ' || o.granted || ' on ' || o.identity || ' from ' || o.grantees || ';',
                                           'revoke execute on routine ' || o.definers || ' from ' || o.callers || ';') end as fix
    from open as o
   cross join lateral (
     -- protect_gate finds a column for each parameter by itself. It guards no partition, and no table twice by one
     -- gate.
     select not exists (select from pg_catalog.pg_inherits as i where i.inhrelid = o.relation)
            and not exists (select from postern_internal.guarded_relation as g where g.relation = o.relation and g.gate_id = o.gates[1])
            and not exists (select
                          from postern_internal.gate as r
                         cross join lateral pg_catalog.unnest(r.parameters) as k (name)
                         where r.gate_id = o.gates[1]
                           and not exists (select
                                             from pg_catalog.pg_attribute as a
                                            where a.attrelid = o.relation and a.attnum > 0 and not a.attisdropped and lower(a.attname) = lower(k.name))) as fits
   ) as p;
end;
revoke execute on function postern_internal.ungated_write(jsonb) from public;
comment on function postern_internal.ungated_write(jsonb) is 'Check of postern.doctor: tables that functions write behind a gate, and that an application''s role may write without it, past no guard, directly or by functions with their owners'' rights. callers: as for postern.gate_findings.';
