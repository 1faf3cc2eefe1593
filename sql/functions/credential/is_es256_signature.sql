-- ECDSA over P-256 with SHA-256 (FIPS 186-5, section 6.4.2), because PostgreSQL has no function for it. Points are in
-- Jacobian coordinates: x / z^2, y / z^3; z = 0 is the point at infinity. Both products are summed in one pass. Everything
-- in here is public, so that its time need not be constant.
--
-- A signature with n - s instead of s is valid too, as the standard has it: nothing relies on a signature having one
-- form.

create or replace function postern_internal.is_es256_signature(
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
  p constant numeric := 115792089210356248762697446949407573530086143415290314195533631308867097853951;
  n constant numeric := 115792089210356248762697446949407573529996955224135760342422259061068512044369;
  gx constant numeric := 48439561293906451759052585252797914202762949526041747995844080717082404635286;
  gy constant numeric := 36134250956749795798585127919587881956611106672985015071877198253568414405109;
  key record;
  at integer;
  r numeric;
  s numeric;
  inverse numeric;
  u1 numeric;
  u2 numeric;
  bits1 integer[] := array[]::integer[];  -- 16 bits each, the least significant first
  bits2 integer[] := array[]::integer[];
  sum_x numeric;  -- of the base point and the key; NULL: infinity
  sum_y numeric;
  slope numeric;
  point integer;  -- 1: base point, 2: key, 3: both
  ax numeric;
  ay numeric;
  x numeric := 1::numeric;
  y numeric := 1::numeric;
  z numeric := 0::numeric;
  alpha numeric;
  beta numeric;
  gamma numeric;
  delta numeric;
  h numeric;
  d numeric;
begin
  key := postern_internal.p256_point(spki);
  if key.x is null or message is null or signature is null
     or octet_length(signature) not between 8 and 72
     or get_byte(signature, 0) <> 48 or get_byte(signature, 1) <> octet_length(signature) - 2 then
    return false;
  end if;
  select i.number, i.next_start into r, at from postern_internal.ecdsa_integer(signature, 2) as i;
  if r is null then
    return false;
  end if;
  select i.number, i.next_start into s, at from postern_internal.ecdsa_integer(signature, at) as i;
  if s is null or at <> octet_length(signature) or r not between 1 and n - 1 or s not between 1 and n - 1 then
    return false;
  end if;

  inverse := postern_internal.inverse_modulo(s, n);
  u1 := postern_internal.bytes_to_numeric(sha256(message)) * inverse % n;
  u2 := r * inverse % n;
  for i in 1 .. 16 loop
    bits1 := bits1 || (u1 % 65536)::integer;
    bits2 := bits2 || (u2 % 65536)::integer;
    u1 := div(u1, 65536);
    u2 := div(u2, 65536);
  end loop;
  if key.x <> gx then
    slope := (key.y - gy) * postern_internal.inverse_modulo(key.x - gx, p) % p;
  elsif key.y = gy then
    slope := (3 * gx * gx - 3) * postern_internal.inverse_modulo(2 * gy, p) % p;
  end if;
  sum_x := ((slope * slope - key.x - gx) % p + p) % p;
  sum_y := ((slope * (gx - sum_x) - gy) % p + p) % p;

  for i in reverse 255 .. 0 loop
    point := (bits1[i / 16 + 1] >> i % 16 & 1) + 2 * (bits2[i / 16 + 1] >> i % 16 & 1);
    ax := case point when 1 then gx when 2 then key.x when 3 then sum_x end;
    ay := case point when 1 then gy when 2 then key.y when 3 then sum_y end;
    -- Twice: to double the point, and to double it again if it happens to be the one to add.
    for doubling in 1 .. 2 loop
      if z <> 0 then
        delta := z * z % p;
        gamma := y * y % p;
        beta := x * gamma % p;
        alpha := 3 * (x - delta) * (x + delta) % p;
        x := (alpha * alpha - 8 * beta) % p;
        z := ((y + z) * (y + z) - gamma - delta) % p;
        y := (alpha * (4 * beta - x) - 8 * gamma * gamma) % p;
      end if;
      exit when ax is null;
      if z = 0 then
        x := ax;
        y := ay;
        z := 1::numeric;
        exit;
      end if;
      delta := z * z % p;
      h := (ax * delta - x) % p;
      d := (ay * delta % p * z - y) % p;
      if h <> 0 then
        alpha := h * h % p;
        beta := h * alpha % p;
        gamma := x * alpha % p;
        x := (d * d - beta - 2 * gamma) % p;
        y := (d * (gamma - x) - y * beta) % p;
        z := z * h % p;
        exit;
      elsif d <> 0 then
        z := 0::numeric;
        exit;
      end if;
      ax := null;
    end loop;
  end loop;
  -- x / z^2 modulo n is r, without a division: x is less than p, so it is r or r + n.
  return z <> 0 and ((r * z * z - x) % p = 0 or r + n < p and ((r + n) * z * z - x) % p = 0);
end
$$;
revoke execute on function postern_internal.is_es256_signature(bytea, bytea, bytea) from public;
comment on function postern_internal.is_es256_signature(bytea, bytea, bytea) is
'Whether signature (DER) is an ECDSA signature of message, over P-256 with SHA-256, by the key with the SubjectPublicKeyInfo spki. False for anything that is malformed, not NULL and no error.';
