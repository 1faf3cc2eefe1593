-- RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2), because some authenticators have nothing else. The encoded
-- message is made and compared as a whole: whoever reads its padding instead can be shown a forged one.
--
-- A number that is not below the modulus is refused at the end, after all the work: a refusal that is quicker would say
-- how large the modulus is, and so whether there is a key.

create or replace function postern_internal.is_rs256_signature(
  spki bytea,
  message bytea,
  signature bytea
)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  n constant numeric := postern_internal.rsa_modulus(spki);
  s numeric;
  power numeric;
begin
  if n is null or message is null or signature is null or octet_length(signature) <> 256 then
    return false;
  end if;
  s := postern_internal.bytes_to_numeric(signature);
  power := s % n;
  for doubling in 1 .. 16 loop
    power := power * power % n;
  end loop;
  return power * s % n = postern_internal.bytes_to_numeric(
      decode('0001' || repeat('ff', 202) || '003031300d060960864801650304020105000420', 'hex') || sha256(message))
    and s < n;
end
$$;
revoke execute on function postern_internal.is_rs256_signature(bytea, bytea, bytea) from public;
comment on function postern_internal.is_rs256_signature(bytea, bytea, bytea) is
'Whether signature is an RSA signature (PKCS #1 v1.5) of message with SHA-256, by the key with the SubjectPublicKeyInfo spki. False for anything that is malformed, not NULL and no error.';
