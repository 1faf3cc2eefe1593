create or replace function postern.guard_columns(
  columns name[],
  parameters jsonb
)
returns name[]
language sql
immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select array(
    select k.name from unnest(columns) as k (name)
    union
    select coalesce(substring(p.value from '^sum[(](.*)[)]$'), p.value)::name from jsonb_each_text(parameters) as p where p.value <> 'count(*)'
    order by 1);
end;
revoke execute on function postern.guard_columns(name[], jsonb) from public;
grant execute on function postern.guard_columns(name[], jsonb) to postern_admin, postern_auditor;
comment on function postern.guard_columns(name[], jsonb) is
'For doctor: the columns of a table that a guard names, apart from its condition. columns, parameters: those of postern.protected_table.';
