-- What an approval is bound to. Without a SET clause, and stable as what it calls is: so it is inlined, and every gate that
-- is opened along comes here. Names which parameters are left out, so that equal digests mean that the same ones were. The
-- first text ends where its array does, so that no two inputs run together to the same text.

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
'SHA-256 over gate, action, the names of the parameters that are not bound, and the parameters without those, by value and not by spelling.';
