-- What an approval is bound to. The text of jsonb depends on no setting of the caller.

create or replace function postern_internal.digest(
  gate_id text,
  action text,
  bound_parameters text[],
  parameters jsonb
)
returns bytea
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return sha256(convert_to(
    jsonb_build_array(gate_id, action,
                      parameters - array(select jsonb_object_keys(parameters) except select unnest(bound_parameters)))::text,
    'UTF8'));
end
$$;
revoke execute on function postern_internal.digest(text, text, text[], jsonb) from public;
comment on function postern_internal.digest(text, text, text[], jsonb) is
'SHA-256 over gate, action, and those of the parameters that are bound.';
