-- The WHEN condition of each trigger of a guard. So while the gate is not active, the guard's function is not called.
-- It also makes the triggers depend on Postern: they are dropped with Postern, and no later statement calls what is
-- gone.
--
-- Granted to public, because it is called with the rights of whoever writes the table: see require_user_role.

create or replace function postern.guard_stops(gate_id text)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_temp
as $$
begin
  return postern_internal.gate_is_active(gate_id);
end
$$;
grant execute on function postern.guard_stops(text) to public;
comment on function postern.guard_stops(text) is
'For the triggers of protect_gate: whether the gate stops transactions. Errors: PS106 no such gate.';
