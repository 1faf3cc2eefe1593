create or replace function postern_internal.require_scheme(scheme text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from postern_internal.scheme as s where s.scheme = require_scheme.scheme and s.enabled) then
    raise exception using
      errcode = 'PS107',
      message = format('The scheme %s is not enabled', scheme),
      detail = format('scheme is %s.', to_jsonb(scheme)),
      hint = format('Have an administrator call postern.set_scheme_enabled(%L, true).', scheme);
  end if;
end
$$;
revoke execute on function postern_internal.require_scheme(text) from public;
comment on function postern_internal.require_scheme(text) is 'Errors: PS107 the scheme is not enabled.';
