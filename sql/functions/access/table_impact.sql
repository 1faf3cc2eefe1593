-- Whether a changed condition, parameter or column weakens a protection cannot be told from its text. So it counts as a
-- gain, for somebody to look at.

create or replace function postern_internal.table_impact(changes jsonb)
returns table (
  effect text,
  kind text,
  name text,
  reason text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with changed_table as (
    select t ->> 'schema_name' as schema_name, t ->> 'table_name' as table_name, coalesce((t ->> 'remove')::boolean, false) as removed, t as given
      from jsonb_array_elements(changes -> 'protected_tables') as t
  ), protected as (
    select p.table_name is not null as was_there, not c.removed as is_there, c.schema_name, c.table_name,
           p.protection as old_protection, coalesce(c.given ->> 'protection', p.protection) as new_protection,
           array[p.company_column, p.combination_column, p.ledger_column]::text[] as old_columns,
           array[case when c.given ? 'company_column' then coalesce(c.given ->> 'company_column', 'company') else p.company_column end,
                 case when c.given ? 'combination_column' then c.given ->> 'combination_column' else p.combination_column end,
                 case when c.given ? 'ledger_column' then c.given ->> 'ledger_column' else p.ledger_column end]::text[] as new_columns
      from changed_table as c
      left join postern_internal.protected_table as p
        on p.schema_name = c.schema_name and p.table_name = c.table_name and p.protection <> 'gate'
  ), changed_guard as (
    select g ->> 'schema_name' as schema_name, g ->> 'table_name' as table_name, g ->> 'gate_id' as gate_id,
           coalesce((g ->> 'remove')::boolean, false) as removed, g as given
      from jsonb_array_elements(changes -> 'guards') as g
  ), guard as (
    select p.table_name is not null as was_there, not c.removed as is_there, c.schema_name, c.table_name, c.gate_id,
           p.operations as old_operations,
           case when coalesce(c.given -> 'operations', 'null') = 'null' then coalesce(p.operations, '{insert,update,delete}')
                else array(select jsonb_array_elements_text(c.given -> 'operations')) end as new_operations,
           p.columns::text[] as old_columns,
           case when not c.given ? 'columns' then p.columns::text[]
                when c.given -> 'columns' <> 'null' then array(select jsonb_array_elements_text(c.given -> 'columns')) end as new_columns,
           p.parameters as old_parameters, coalesce(nullif(c.given -> 'parameters', 'null'), p.parameters) as new_parameters,
           p.condition as old_condition,
           case when c.given ? 'condition' then nullif(btrim(c.given ->> 'condition', E' \t\r\n'), '') else p.condition end as new_condition,
           p.exclusive as was_exclusive, coalesce((c.given ->> 'exclusive')::boolean, p.exclusive, true) as exclusive
      from changed_guard as c
      left join postern_internal.protected_table as p
        on p.schema_name = c.schema_name and p.table_name = c.table_name and p.gate_id = c.gate_id
  )
  select e.effect, 'table', format('%I.%I', p.schema_name, p.table_name), e.reason
    from protected as p
   cross join lateral (values
     ('gains', p.was_there and not p.is_there, 'Its rows are no longer protected.'),
     ('loses', p.is_there and not p.was_there, 'Its rows are protected from now on.'),
     ('gains', p.was_there and p.is_there and p.old_protection = 'ledger' and p.new_protection = 'company', 'Classes no longer limit its rows, only companies do.'),
     ('loses', p.was_there and p.is_there and p.old_protection = 'company' and p.new_protection = 'ledger', 'Classes limit its rows as well.'),
     ('gains', p.was_there and p.is_there and p.old_columns[1] is distinct from p.new_columns[1]
               or p.was_there and p.is_there and p.old_protection = p.new_protection and p.old_columns is distinct from p.new_columns,
      'Other columns decide which rows are seen.')) as e (effect, holds, reason)
   where e.holds
   union all
  select e.effect, 'guard', format('%s on %I.%I', g.gate_id, g.schema_name, g.table_name), e.reason
    from guard as g
   cross join lateral (values
     ('gains', g.was_there and not g.is_there, 'The table is no longer guarded.'),
     ('loses', g.is_there and not g.was_there, 'The table is guarded from now on.'),
     ('gains', g.was_there and g.is_there and not g.old_operations <@ g.new_operations, 'It no longer guards all operations of before.'),
     ('loses', g.was_there and g.is_there and not g.new_operations <@ g.old_operations, 'It guards more operations.'),
     ('gains', g.was_there and g.is_there and g.new_columns is not null and not coalesce(g.old_columns <@ g.new_columns, false),
      'It no longer guards all columns of before.'),
     ('loses', g.was_there and g.is_there and g.old_columns is not null and not coalesce(g.new_columns <@ g.old_columns, false), 'It guards more columns.'),
     ('gains', g.was_there and g.is_there and g.new_condition is not null and g.new_condition is distinct from g.old_condition,
      'Its condition is another one.'),
     ('loses', g.was_there and g.is_there and g.new_condition is null and g.old_condition is not null, 'It guards without a condition.'),
     ('gains', g.was_there and g.is_there and g.new_parameters is distinct from g.old_parameters, 'Its parameters come from elsewhere.'),
     ('gains', g.was_there and g.is_there and g.was_exclusive and not g.exclusive, 'An approval of other gates opens it too.'),
     ('loses', g.was_there and g.is_there and g.exclusive and not g.was_exclusive, 'Each statement needs its own approval.')) as e (effect, holds, reason)
   where e.holds
$$;
revoke execute on function postern_internal.table_impact(jsonb) from public;
comment on function postern_internal.table_impact(jsonb) is
'Which protections and guards of tables fall, arise or change by changes. changes: see access_impact; checked by check_changes.';
