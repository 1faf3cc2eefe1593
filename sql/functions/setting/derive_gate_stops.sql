-- Derived when something changes, so that a gate costs a business transaction only one row. The caller has called
-- lock_settings: without it, a gate registered while the setting was being changed would keep the old answer.

create or replace function postern_internal.derive_gate_stops(changed_gate_id text default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two statements, so that a single gate is found by its key.
  if changed_gate_id is null then
    update postern_internal.gate as g
       set stops = d.stops,
           active = case when g.gate_id = 'POSTERN_ADMINISTRATION' then d.stops else g.active end
      from postern_internal.derived_gate as d
     where d.gate_id = g.gate_id and g.stops <> d.stops;
  else
    update postern_internal.gate as g
       set stops = d.stops
      from postern_internal.derived_gate as d
     where g.gate_id = changed_gate_id and d.gate_id = changed_gate_id and g.stops <> d.stops;
  end if;
end
$$;
revoke execute on function postern_internal.derive_gate_stops(text) from public;
comment on function postern_internal.derive_gate_stops(text) is
'Updates gate.stops from active, built_in and the settings checkpoints_enabled and administration_gate, for one gate, or for all if changed_gate_id is NULL. Call it after changing one of these, with lock_settings held.';
