-- A key that is not on the curve could be on a weaker one, so it is never used. SubjectPublicKeyInfo of a P-256 key
-- (RFC 5480) is always these 26 octets and the uncompressed point, as browsers give it.

create or replace function postern_internal.p256_point(
  spki bytea,
  out x numeric,
  out y numeric
)
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  p constant numeric := 115792089210356248762697446949407573530086143415290314195533631308867097853951;
  b constant numeric := 41058363725152142129326129780047268409114441015993725554835256314039467401291;
begin
  if octet_length(spki) = 91
     and substr(spki, 1, 27) = decode('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex') then
    x := postern_internal.bytes_to_numeric(substr(spki, 28, 32));
    y := postern_internal.bytes_to_numeric(substr(spki, 60, 32));
    if x >= p or y >= p or (x * x * x - 3 * x + b - y * y) % p <> 0 then
      x := null;
      y := null;
    end if;
  end if;
end
$$;
revoke execute on function postern_internal.p256_point(bytea) from public;
comment on function postern_internal.p256_point(bytea) is
'The coordinates of a public key of P-256. NULL if spki is not the SubjectPublicKeyInfo of one, or if the point is not on the curve.';
