create or replace function postern_internal.setting_boolean(name text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.value = 'true' from postern_internal.setting as s where s.name = setting_boolean.name
$$;
revoke execute on function postern_internal.setting_boolean(text) from public;
comment on function postern_internal.setting_boolean(text) is 'The value of a boolean setting.';
