create or replace function postern_internal.setting_text(name text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.value from postern_internal.setting as s where s.name = setting_text.name
$$;
revoke execute on function postern_internal.setting_text(text) from public;
comment on function postern_internal.setting_text(text) is 'The value of a setting, as text.';
