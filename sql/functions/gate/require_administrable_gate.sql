create or replace function postern_internal.require_administrable_gate(gate_id text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.gate_is_active(gate_id);
  if (select g.built_in from postern_internal.gate as g where g.gate_id = require_administrable_gate.gate_id) then
    raise exception using
      errcode = 'PS107',
      message = 'A built-in gate cannot be changed',
      detail = format('gate_id is %s.', gate_id),
      hint = 'Leave the gate as it is: it protects Postern itself. The setting administration_gate says when POSTERN_ADMINISTRATION asks.';
  end if;
end
$$;
revoke execute on function postern_internal.require_administrable_gate(text) from public;
comment on function postern_internal.require_administrable_gate(text) is
'Errors: PS106 no such gate, PS107 the gate is built in.';
