create or replace function postern_internal.encode_base32(bytes bytea)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  encoded text := '';
  bits integer := 0;
  held integer := 0;
begin
  for position in 0 .. octet_length(bytes) - 1 loop
    held := (held << 8 | get_byte(bytes, position)) & 4095;
    bits := bits + 8;
    while bits >= 5 loop
      bits := bits - 5;
      encoded := encoded || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', (held >> bits & 31) + 1, 1);
    end loop;
  end loop;
  if bits > 0 then
    encoded := encoded || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', (held << 5 - bits & 31) + 1, 1);
  end if;
  return encoded;
end
$$;
revoke execute on function postern_internal.encode_base32(bytea) from public;
comment on function postern_internal.encode_base32(bytea) is 'Base32 of RFC 4648 without padding.';
