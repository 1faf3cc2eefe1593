-- The query that a guard runs at the end of a statement. It returns an array with the gate's parameters of each row
-- that needs an approval; NULL if no row does.
--
-- The transition tables of an UPDATE have the same order: PostgreSQL adds a row to both at the same time. *<> compares
-- stored values. IS DISTINCT FROM would miss a change that the collation of a column ignores.
--
-- A condition that is unknown counts as true. So 'new.approved and not old.approved' covers a row that is inserted as
-- approved, whose old values are NULL.
--
-- A value of another type than PostgreSQL's own is shown as its output function writes it; see columns_of_other_types.
--
-- The limit is one row more than reach_guard accepts, so that a large statement is refused without filling the memory.

create or replace function postern.guard_query(
  operation text,
  old_rows text,
  new_rows text,
  columns name[],
  parameters jsonb,
  condition text,
  other_types name[]
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select format(E'select jsonb_agg(r.given) from (\n  select jsonb_build_object(%s) as given\n    from %s\n   where %s%s\n   limit 1001) as r (given)',
                s.given,
                case operation
                  when 'insert' then format('%1$s as new left join %1$s as old on false', new_rows)
                  when 'delete' then format('%1$s as old left join %1$s as new on false', old_rows)
                  else format('(select row_number() over () as postern_row, o.* from %s as o) as old'
                              || E'\n    join (select row_number() over () as postern_row, n.* from %s as n) as new on new.postern_row = old.postern_row',
                              old_rows, new_rows) end,
                concat_ws(E'\n     and ',
                  case when operation <> 'update' then null
                       when columns is null then 'old *<> new'
                       else format('row(%s)::record *<> row(%s)::record', c.old_values, c.new_values) end,
                  coalesce(E'(\n' || condition || E'\n) is not false', case when operation <> 'update' then 'true' end)),
                case when not s.is_total then ''
                     else coalesce(E'\n   group by ' || s.groups, '') || E'\n  having count(*) > 0' end)
    from (select string_agg(quote_literal(p.key) || ', ' || v.given, ', ' order by p.key collate "C") as given,
                 string_agg(v.given, ', ' order by p.key collate "C") filter (where t.total is null) as groups,
                 coalesce(bool_or(t.total is not null), false) as is_total
            from jsonb_each_text(parameters) as p
           cross join (select case operation when 'delete' then 'old' else 'new' end as version) as w
           cross join lateral (select case when p.value = 'count(*)' then p.value
                                           when p.value ~ '^sum[(].*[)]$' then format('sum(%s.%I)', w.version, substring(p.value from '^sum[(](.*)[)]$')) end as total) as t
           cross join lateral (select coalesce(t.total,
                                               format(case when p.value = any (other_types) then 'case when num_nulls(%1$s.%2$I) = 0 then format(''%%s'', %1$s.%2$I) end'
                                                           else '%1$s.%2$I' end, w.version, p.value)) as given) as v) as s
   cross join (select string_agg(format('old.%I', name), ', ' order by position) as old_values,
                      string_agg(format('new.%I', name), ', ' order by position) as new_values
                 from unnest(columns) with ordinality as k (name, position)) as c;
end;
revoke execute on function postern.guard_query(text, text, text, name[], jsonb, text, name[]) from public;
grant execute on function postern.guard_query(text, text, text, name[], jsonb, text, name[]) to postern_admin, postern_auditor;
comment on function postern.guard_query(text, text, text, name[], jsonb, text, name[]) is
'For protect_gate and doctor: the query of a guard, as SQL. operation: insert, update or delete. old_rows, new_rows: the transition tables. columns, condition: those of protect_gate. parameters: for each parameter of the gate the name of a column, count(*) or sum(column). other_types: the columns whose values are shown as text.';
