create or replace view postern.gate as
  select g.gate_id, g.description, g.message, g.parameters,
         array(select name from unnest(g.parameters) with ordinality as p (name, position)
                where name <> all (g.unbound_parameters) order by p.position)::text[] as bound_parameters, g.active, g.built_in, g.exclusive,
         g.active_administered, g.message_administered, g.registered_at, g.schemes
    from postern_internal.gate as g;
revoke all on postern.gate from public;
grant select on postern.gate to postern_admin, postern_auditor;
comment on view postern.gate is 'Registered gates. active: that of POSTERN_ADMINISTRATION follows the setting administration_gate. exclusive: each pass needs its own approval, which opens nothing else. schemes: those that the gate accepts; NULL: all that are enabled. ..._administered: an administrator has set it, and registrations leave it alone.';
