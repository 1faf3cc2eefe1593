-- What a browser gives for a passkey (PublicKeyCredential.toJSON). Nothing in it may be an error: that would undo the
-- attempt.

create or replace function postern_internal.read_assertion(
  response text,
  out passkey_id bytea,
  out authenticator_data bytea,
  out client_data bytea,
  out signature bytea,
  out count bigint
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  given jsonb;
begin
  given := response::jsonb;
  passkey_id := postern_internal.decode_base64url(given ->> 'id');
  authenticator_data := postern_internal.decode_base64url(given -> 'response' ->> 'authenticatorData');
  client_data := postern_internal.decode_base64url(given -> 'response' ->> 'clientDataJSON');
  signature := postern_internal.decode_base64url(given -> 'response' ->> 'signature');
  count := case when octet_length(authenticator_data) >= 37 then postern_internal.bytes_to_numeric(substr(authenticator_data, 34, 4))::bigint end;
exception when data_exception or program_limit_exceeded then
  passkey_id := null;
  authenticator_data := null;
  client_data := null;
  signature := null;
  count := null;
end
$$;
revoke execute on function postern_internal.read_assertion(text) from public;
comment on function postern_internal.read_assertion(text) is
'The parts of the JSON that a browser makes of a passkey''s assertion. All NULL if it is malformed.';
