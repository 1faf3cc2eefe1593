-- What an approval is bound to. The text of jsonb depends on no setting of the caller.
-- Called only by functions that pin their search_path, on the path of every pass: no SET clause of its own.

create or replace function postern_internal.digest(
  gate_id text,
  action text,
  unbound_parameters text[],
  parameters jsonb
)
returns bytea
language plpgsql
immutable
parallel safe
as $$
begin
  return sha256(convert_to(jsonb_build_array(
    gate_id, action,
    case when jsonb_typeof(parameters) = 'object' then parameters - unbound_parameters else parameters end)::text, 'UTF8'));
end
$$;
revoke execute on function postern_internal.digest(text, text, text[], jsonb) from public;
comment on function postern_internal.digest(text, text, text[], jsonb) is
'SHA-256 over gate, action, and the parameters without those that are not bound.';
