-- What an approval is bound to. It has no SET clause and is as stable as what it calls, so that it is inlined: every
-- gate opened by another gate's approval comes here. The names of unbound parameters are part of the digest, so that
-- equal digests mean that the same ones were left out. The first text ends where its array ends, so no two inputs give
-- the same text.

create or replace function postern_internal.digest(
  gate_id text,
  action text,
  unbound_parameters text[],
  parameters jsonb
)
returns bytea
language sql
stable
parallel safe
return pg_catalog.sha256(pg_catalog.convert_to(
         pg_catalog.jsonb_build_array(gate_id, action, unbound_parameters)::text
         || postern_internal.canonical_text(parameters - unbound_parameters), 'UTF8'));
revoke execute on function postern_internal.digest(text, text, text[], jsonb) from public;
comment on function postern_internal.digest(text, text, text[], jsonb) is
'SHA-256 over gate, action, the names of the unbound parameters, and all other parameters by value instead of by spelling.';
