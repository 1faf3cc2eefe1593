create or replace function postern_internal.require_code(
  value text,
  argument text
)
returns void
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if postern_internal.is_code(value) is not true then
    raise exception using
      errcode = 'PS301',
      message = format('%s is not usable', argument),
      detail = format('%s is %s.', argument, coalesce(to_jsonb(left(value, 128))::text, 'NULL')),
      hint = format('Pass a %s of 1 to 20 characters, without control characters and without a space at either end.', argument);
  end if;
end
$$;
revoke execute on function postern_internal.require_code(text, text) from public;
comment on function postern_internal.require_code(text, text) is
'Errors: PS301 unless is_code(value). argument: its name in the error.';
