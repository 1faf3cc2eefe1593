create or replace function postern.set_scheme_enabled(
  scheme text,
  enabled boolean
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  unanswerable text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  if enabled is null or scheme = 'PIN' and not enabled then
    raise exception using
      errcode = 'PS107',
      message = 'The scheme cannot be switched this way',
      detail = format('scheme is %s, enabled is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL'), coalesce(enabled::text, 'NULL')),
      hint = 'Pass true or false. PIN must stay enabled, because changing a PIN requires it.';
  end if;
  if not enabled then
    select string_agg(g.gate_id, ', ' order by g.gate_id collate "C") into unanswerable
      from postern_internal.gate as g
     where not g.built_in
       and array_remove(postern_internal.gate_schemes(g), set_scheme_enabled.scheme) = '{}';
    if unanswerable is not null then
      raise exception using
        errcode = 'PS107',
        message = 'Gates would be left without a scheme',
        detail = format('They accept no enabled scheme but %s: %s.', scheme, unanswerable),
        hint = 'First let these gates accept another one, with postern.set_gate_schemes.';
    end if;
  end if;
  update postern_internal.scheme as s set enabled = set_scheme_enabled.enabled where s.scheme = set_scheme_enabled.scheme;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such scheme',
      detail = format('scheme is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL')),
      hint = 'Choose one of the schemes in postern.scheme.';
  end if;
end
$$;
revoke execute on function postern.set_scheme_enabled(text, boolean) from public;
grant execute on function postern.set_scheme_enabled(text, boolean) to postern_admin;
comment on function postern.set_scheme_enabled(text, boolean) is
'Allows a way to authenticate, or forbids it. Errors: PS107 no such scheme, PIN switched off, or the only scheme of a gate.';
