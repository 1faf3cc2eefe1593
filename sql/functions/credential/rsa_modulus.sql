-- Authenticators with RSA have keys of 2048 bits and the exponent 65537. Their SubjectPublicKeyInfo (RFC 8017, appendix
-- A.1) then differs in the modulus only, so nothing has to read DER.

create or replace function postern_internal.rsa_modulus(spki bytea)
returns numeric
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
return case when octet_length(spki) = 294
             and substr(spki, 1, 33) = decode('30820122300d06092a864886f70d01010105000382010f003082010a0282010100', 'hex')
             and get_byte(spki, 33) >= 128
             and substr(spki, 290) = decode('0203010001', 'hex')
            then postern_internal.bytes_to_numeric(substr(spki, 34, 256)) end;
revoke execute on function postern_internal.rsa_modulus(bytea) from public;
comment on function postern_internal.rsa_modulus(bytea) is
'The modulus of a public RSA key. NULL if spki is not the SubjectPublicKeyInfo of one with 2048 bits and the exponent 65537.';
