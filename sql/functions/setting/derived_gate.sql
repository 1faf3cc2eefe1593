-- The one place that says what is derived of a gate: derive_gate_stops writes it, doctor holds it against what is there.
-- In words of SQL alone, so that doctor reads it with the rights of the view's owner.

create or replace view postern_internal.derived_gate as
  select g.gate_id, g.built_in or g.active and s.value = 'true' as stops
    from postern_internal.gate as g
   cross join postern_internal.setting as s
   where s.name = 'checkpoints_enabled';
comment on view postern_internal.derived_gate is 'Whether each gate stops anybody, worked out from active, built_in and the setting checkpoints_enabled.';
