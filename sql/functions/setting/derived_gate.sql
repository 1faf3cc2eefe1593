-- The one place that says how gate.stops is derived: derive_gate_stops writes it, and doctor compares it with the
-- stored value. Plain SQL, so that doctor can read it with the rights of the view's owner.

create or replace view postern_internal.derived_gate as
  select g.gate_id,
         case when g.gate_id = 'POSTERN_ADMINISTRATION' then a.value <> 'none'
              else g.built_in or g.active and s.value = 'true' end as stops
    from postern_internal.gate as g
   cross join postern_internal.setting as s
   cross join postern_internal.setting as a
   where s.name = 'checkpoints_enabled'
     and a.name = 'administration_gate';
comment on view postern_internal.derived_gate is 'Whether each gate stops transactions, derived from active, built_in and the settings checkpoints_enabled and administration_gate.';
