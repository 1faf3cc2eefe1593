create or replace function postern_internal.administered_kinds()
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  -- Functions write the last two themselves.
  select array(select t.kind from postern_internal.administered_table() as t where t.kind is not null
               union select 'apply' union select 'redaction'
               order by 1)
$$;
revoke execute on function postern_internal.administered_kinds() from public;
comment on function postern_internal.administered_kinds() is 'The kinds of objects whose changes are recorded, in alphabetical order.';
