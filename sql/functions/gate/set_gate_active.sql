create or replace function postern.set_gate_active(
  gate_id text,
  active boolean
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  perform postern_internal.require_administrable_gate(gate_id);
  if active is null then
    raise exception using
      errcode = 'PS107',
      message = 'active is missing',
      detail = 'active is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.gate as g
     set active = set_gate_active.active, active_administered = true
   where g.gate_id = set_gate_active.gate_id;
  perform postern_internal.derive_gate_stops(gate_id);
end
$$;
revoke execute on function postern.set_gate_active(text, boolean) from public;
grant execute on function postern.set_gate_active(text, boolean) to postern_admin;
comment on function postern.set_gate_active(text, boolean) is
'Switches a gate on or off, for all transactions from the commit on. A later registration does not change it back. Errors: PS106 no such gate, PS107 built-in gate or NULL.';
