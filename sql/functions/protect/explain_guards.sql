-- PL/pgSQL names the function of the guard in the CONTEXT of every error that the guard raises, whatever its SQLSTATE:
-- that is how an error tells which guard stopped the statement. It reads no row of the table.
--
-- An auditor may have no right on the table's schema, so names are looked up in the catalogs and not cast to regclass.

create or replace function postern.explain_guards(
  target regclass default null,
  error text default null
)
returns table (schema_name name, table_name name, gate_id text, operation text, asks boolean, explanation text)
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  with recursive covering (oid) as (
    select target::oid
     union
    select i.inhparent from pg_inherits as i join covering as c on c.oid = i.inhrelid
  ), guard as (
    select p.schema_name, p.table_name, p.gate_id, p.operations, p.columns, p.parameters, p.condition,
           r.oid as relation, f.oid as function
      from postern.protected_table as p
     cross join lateral (select postern.guard_name(p.gate_id, left(md5(p.table_name), 8)) as function_name) as k
      left join pg_namespace as n on n.nspname = p.schema_name
      left join pg_class as r on r.relnamespace = n.oid and r.relname = p.table_name
      left join pg_proc as f on f.pronamespace = n.oid and f.proname = k.function_name and f.pronargs = 0
     where p.protection = 'gate'
       and (target is null or r.oid in (select c.oid from covering as c))
       and (error is null or strpos(error, format('%I.%I()', p.schema_name, k.function_name)) > 0)
  )
  select g.schema_name, g.table_name, g.gate_id, o.operation, s.asks,
         case
           when g.relation is null then 'The table is gone or has another name now.'
           when not s.is_in_place then 'The guard is missing here or was changed: call postern.protect_gate again.'
           when not s.asks then format('Gate %s is not active, so nothing is asked.', g.gate_id)
           when o.operation = 'truncate' then 'TRUNCATE is refused, because DELETE is guarded.'
           else concat_ws(' ',
             upper(o.operation) || ' asks'
             || case when o.operation <> 'update' then ''
                     when g.columns is null then ' for rows that it changes'
                     else ' for rows in which it changes ' || (select string_agg(quote_ident(name), ' or ' order by position) from unnest(g.columns) with ordinality as c (name, position)) end
             || case when g.condition is null then ''
                     else format('%s if this is true or unknown: %s', case when o.operation = 'update' then ',' else ' for rows' end, g.condition) end || '.',
             (select 'The person sees ' || string_agg(p.key || ': ' || case when p.value = 'count(*)' then 'the number of rows'
                                                                          when p.value ~ '^sum[(].*[)]$' then 'the sum of ' || substring(p.value from '^sum[(](.*)[)]$')
                                                                          else p.value end, ', ' order by p.key collate "C") || '.'
                from jsonb_each_text(g.parameters) as p),
             case when o.operation = 'update' and postern.guarded_move(g.relation, g.gate_id) is not null
                  then 'A statement that also moves the row to another partition is refused.' end) end
    from guard as g
   cross join lateral unnest(g.operations || case when 'delete' = any (g.operations) then array['truncate'] end) with ordinality as o (operation, position)
   cross join lateral (select coalesce(postern.guard_is_in_place(coalesce(target, g.relation), g.gate_id, o.operation,
                                                                 case o.operation when 'truncate' then 'postern.refuse_guarded_truncate()'::regprocedure
                                                                                  else g.function::regprocedure end), false) as is_in_place) as i
   cross join lateral (select i.is_in_place, i.is_in_place and postern.guard_stops(g.gate_id) as asks) as s
   order by g.schema_name, g.table_name, g.gate_id collate "C", o.position;
end;
revoke execute on function postern.explain_guards(regclass, text) from public;
grant execute on function postern.explain_guards(regclass, text) to postern_admin, postern_auditor;
comment on function postern.explain_guards(regclass, text) is
'What the guards of tables ask, and whether they ask now. target: the table or partition that is written; NULL: all. error: the text of an error with its CONTEXT, to get only the guards that raised it; NULL: all guards. Returns the guarded table (not a partition of it) with its schema, the gate, the operation, whether it asks, and why or when, in words.';
