create or replace function postern_internal.setting_integer(name text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.value::integer from postern_internal.setting as s where s.name = setting_integer.name
$$;
revoke execute on function postern_internal.setting_integer(text) from public;
comment on function postern_internal.setting_integer(text) is 'The value of an integer setting.';
