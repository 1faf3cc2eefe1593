-- The one place that says with which schemes a gate is answered: PS101 names them, and authenticate accepts no other.

create or replace function postern_internal.gate_schemes(gate postern_internal.gate)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select s.scheme
      from postern_internal.scheme as s
     where s.enabled
       and (gate.schemes is null or s.scheme = any (gate.schemes))
     order by array_position(gate.schemes, s.scheme), s.scheme <> 'PIN', s.scheme collate "C")
$$;
revoke execute on function postern_internal.gate_schemes(postern_internal.gate) from public;
comment on function postern_internal.gate_schemes(postern_internal.gate) is
'The enabled schemes that gate accepts, the usual one first.';
