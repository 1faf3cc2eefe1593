-- Whoever may write the table may leave the function out, and with it the gate. An application's role is one that works
-- for end users: a login that application_login lists, a role that it may become, or one of Postern's roles for
-- applications, whose members come later.

create or replace function postern_internal.ungated_write(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  with written as materialized (
    select c.name as function, w.schema, w."table", w.operation, w.columns, g.gates
      from postern_internal.gate_caller(callers) as c
     cross join lateral (
       select pg_catalog.array_agg(distinct r.gate_id order by r.gate_id) as gates
         from postern_internal.gate as r
        where not r.built_in
          and (r.gate_id in (select k.gate ->> 'id' from pg_catalog.jsonb_array_elements(c.gates) as k (gate))
               or r.gate_id in (select a.checkpoint from postern_internal.action as a where a.action = any (c.actions)))
     ) as g
     cross join lateral pg_catalog.jsonb_to_recordset(c.writes) as w (schema text, "table" text, operation text, columns text[])
     where g.gates is not null
  ),
  ungated as materialized (
    select t.oid as relation, t.relnamespace, t.relowner, t.relacl, w.function, w.operation, w.columns, w.gates
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
  -- Without USAGE on the schema nobody reaches the table.
  usable as materialized (
    select s.relnamespace, a.oid as role
      from (select distinct u.relnamespace from ungated as u) as s
      join application as a on pg_catalog.has_schema_privilege(a.oid, s.relnamespace, 'usage')
  ),
  granted as materialized (
    select t.relation, lower(x.privilege_type) as operation, x.attname::text as "column",
           case when x.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) end as grantee
      from (select distinct u.relation, u.relnamespace, u.relowner, u.relacl from ungated as u) as t
     cross join lateral (
       select a.grantee, a.privilege_type, null::name as attname from pg_catalog.aclexplode(coalesce(t.relacl, pg_catalog.acldefault('r', t.relowner))) as a
        union all
       select a.grantee, a.privilege_type, c.attname
         from pg_catalog.pg_attribute as c cross join lateral pg_catalog.aclexplode(c.attacl) as a
        where c.attrelid = t.relation and not c.attisdropped
     ) as x
     where x.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
       and exists (select
                     from usable as s
                    where s.relnamespace = t.relnamespace
                      and (x.grantee = 0
                           or x.grantee = s.role
                           or exists (select from postern_internal.role_membership as m where m.member = s.role and m.roleid = x.grantee)))
       and (x.grantee = 0 or x.grantee in (select a.oid from application as a))
  ),
  found as materialized (
    select u.relation, u.function, u.operation, u.columns, u.gates, g.grantee
      from ungated as u
      join granted as g on g.relation = u.relation and g.operation = u.operation
                       and (g."column" is null or u.columns is null or g."column" = any (u.columns))
  ),
  open as (
    select f.relation, i.identity,
           pg_catalog.array_agg(distinct f.operation order by f.operation) as operations,
           pg_catalog.string_agg(distinct f.function, ', ' order by f.function) as functions,
           pg_catalog.string_agg(distinct f.grantee, ', ' order by f.grantee) as grantees,
           (select pg_catalog.array_agg(distinct k.gate_id order by k.gate_id) from found as o cross join lateral pg_catalog.unnest(o.gates) as k (gate_id) where o.relation = f.relation) as gates,
           -- An UPDATE that names no columns may write any.
           case when pg_catalog.bool_and(f.columns is not null) filter (where f.operation = 'update')
                then (select pg_catalog.array_agg(distinct k.name order by k.name) from found as o cross join lateral pg_catalog.unnest(o.columns) as k (name) where o.relation = f.relation and o.operation = 'update') end as columns
      from found as f
     cross join lateral pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, f.relation, 0) as i
     group by f.relation, i.identity
  )
  select 'warn' as level, 'ungated_write' as code, 'table ' || o.identity as object,
         'An application may write a table past the gate of its functions' as title,
         pg_catalog.format('Behind gate %s, it is written by %s. Without them, %s may %s it directly.', pg_catalog.array_to_string(o.gates, ', '),
                           case when length(o.functions) > 1000 then pg_catalog.left(o.functions, 1000) || ' and others' else o.functions end,
                           o.grantees, pg_catalog.array_to_string(o.operations, ', ')) as detail,
         case when pg_catalog.cardinality(o.gates) = 1 and p.fits
              then postern.guard_statement(o.identity, o.gates[1], o.operations, o.columns::name[], null, null, true)
              else pg_catalog.format('Guard the table with postern.protect_gate, or let the functions write it with their owner''s rights and run: revoke %s on %s from %s;',
                                     pg_catalog.array_to_string(o.operations, ', '), o.identity, o.grantees) end as fix
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
comment on function postern_internal.ungated_write(jsonb) is 'Check of postern.doctor: tables that functions write behind a gate, and that an application''s role may write without it, past no guard. callers: as for postern.gate_findings.';
