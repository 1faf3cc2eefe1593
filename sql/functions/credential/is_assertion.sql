-- WebAuthn level 2, section 7.2. The challenge that the passkey has signed is the digest of Postern's own, which has the
-- user, the gate and the parameters. So the signature is for this approval and for nothing else, whatever the
-- application does with it.
--
-- Without a key, and with a key of the other algorithm, it takes as long: everybody can measure the time, and nobody may
-- learn from it whose passkey this is. All functions are called in any case, because the first call of each reads
-- catalogs, and everybody can count that.
--
-- The RSA key that stands in is another one each time: whoever knew its modulus could make signatures that are quick or
-- slow to verify with it alone. For the elliptic one that would take its private key.

create or replace function postern_internal.is_assertion(
  authenticator_data bytea,
  client_data bytea,
  signature bytea,
  public_key bytea,
  challenge text
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  client jsonb;
  domain text := postern_internal.setting_text('passkey_domain');
  origins text := postern_internal.setting_text('passkey_origins');
  is_elliptic constant boolean := coalesce(octet_length(public_key) = 91, false);
  is_rsa constant boolean := coalesce(octet_length(public_key) = 294, false);
  signed constant bytea := authenticator_data || sha256(client_data);
  signed_elliptic boolean;
  signed_rsa boolean;
  expected text;
  elliptic_dummy constant bytea := decode('3059301306072a8648ce3d020106082a8648ce3d030107034200040f1b9b00205e87a1d40f278d046bfc514e17fd77c160d49db3c6f451d03cfcb9a327a9de52549d260315615c9eaee2b437cb65148fb1e5f91aeb4a8d8c446a8b', 'hex');
  rsa_dummy constant bytea := decode('30820122300d06092a864886f70d01010105000382010f003082010a0282010100' || 'ff', 'hex')
    || postern_internal.random_bytes(255) || decode('0203010001', 'hex');
begin
  client := convert_from(client_data, 'UTF8')::jsonb;
  signed_elliptic := postern_internal.is_es256_signature(case when is_elliptic then public_key else elliptic_dummy end, signed, signature);
  signed_rsa := postern_internal.is_rs256_signature(case when is_rsa then public_key else rsa_dummy end, signed, signature);
  expected := postern_internal.encode_base64url(sha256(convert_to(challenge, 'UTF8')));
  return coalesce(
    (signed_elliptic and is_elliptic or signed_rsa and is_rsa)
    and client ->> 'type' = 'webauthn.get'
    and client ->> 'challenge' = expected
    and client ->> 'origin' = any (string_to_array(nullif(origins, ''), ' '))
    and coalesce(client -> 'crossOrigin', 'false') = 'false'
    and octet_length(authenticator_data) >= 37
    and substr(authenticator_data, 1, 32) = sha256(convert_to(nullif(domain, ''), 'UTF8'))
    and get_byte(authenticator_data, 32) & 5 = 5,  -- a person was there, and was verified
    false);
exception when data_exception or program_limit_exceeded then
  return false;
end
$$;
revoke execute on function postern_internal.is_assertion(bytea, bytea, bytea, bytea, text) from public;
comment on function postern_internal.is_assertion(bytea, bytea, bytea, bytea, text) is
'Whether a passkey with this public key has signed this challenge: on a page of the setting passkey_origins, for passkey_domain, after it has verified the person. False for anything that is malformed. public_key: NULL if there is none. The caller checks the count.';
