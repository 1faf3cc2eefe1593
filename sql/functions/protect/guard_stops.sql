-- The WHEN condition of each trigger of a guard: a guard whose gate stops nothing costs no call of its function. It
-- also makes the triggers depend on Postern. When Postern is dropped, they go with it, and no statement fails for want
-- of it.
--
-- Granted to public for the reason given in require_user_role: it runs with the rights of whoever writes the table.

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
