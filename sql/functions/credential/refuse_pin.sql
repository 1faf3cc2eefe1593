create or replace function postern_internal.refuse_pin(reason text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS109',
    message = 'The new PIN is not acceptable',
    detail = reason,
    hint = format('Choose at least %s characters that are no repetition, no run, no date, no common PIN, and not the old one.',
                  postern_internal.setting_integer('pin_min_length'));
end
$$;
revoke execute on function postern_internal.refuse_pin(text) from public;
comment on function postern_internal.refuse_pin(text) is 'Raises PS109 with reason as its DETAIL.';
