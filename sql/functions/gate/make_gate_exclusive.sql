-- Without this, the approval of one row would open the next UPDATE of ten thousand rows. An approval that was given
-- before the change would open other gates too, so it ends.

create or replace function postern.make_gate_exclusive(gate_id text)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.gate_is_active(gate_id);
  perform postern_internal.lock_settings();
  update postern_internal.gate as g
     set exclusive = true
   where g.gate_id = make_gate_exclusive.gate_id
     and not g.exclusive;
  if not found then
    return false;
  end if;
  update postern_internal.ticket as t
     set expires_at = clock_timestamp()
   where t.gate_id = make_gate_exclusive.gate_id
     and t.expires_at > clock_timestamp();
  return true;
end
$$;
revoke execute on function postern.make_gate_exclusive(text) from public;
grant execute on function postern.make_gate_exclusive(text) to postern_admin;
comment on function postern.make_gate_exclusive(text) is
'For protect_gate: from now on each pass of the gate needs its own approval, which opens nothing else. Returns whether that is new; then unused approvals end. Errors: PS106 no such gate, 42501.';
