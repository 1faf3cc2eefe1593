-- The one place that says how gate.stops is derived: derive_gate_stops writes it, and doctor compares it with the
-- stored value. Plain SQL, so that doctor can read it with the rights of the view's owner.

create or replace view postern_internal.derived_gate as
  select g.gate_id, g.built_in or g.active and s.value = 'true' as stops
    from postern_internal.gate as g
   cross join postern_internal.setting as s
   where s.name = 'checkpoints_enabled';
comment on view postern_internal.derived_gate is 'Whether each gate stops transactions, derived from active, built_in and the setting checkpoints_enabled.';
