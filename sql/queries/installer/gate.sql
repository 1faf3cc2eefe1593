-- name: ListGates :many
-- The registered gates.
select g.gate_id, g.description, g.message, g.parameters, g.bound_parameters, g.active, g.built_in, g.exclusive,
       g.active_administered, g.message_administered, g.registered_at, g.schemes
  from postern.gate as g
 order by g.gate_id;
