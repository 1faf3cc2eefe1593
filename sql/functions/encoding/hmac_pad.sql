-- A key prepared as in RFC 2104: zero-padded to the block size of SHA-256, with every byte XORed with filler. This
-- happens once, when a key is created; using the key is then two calls of sha256. No query, because auto_explain would
-- log it with the key.

create or replace function postern_internal.hmac_pad(
  secret bytea,
  filler integer
)
returns bytea
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  block bytea := case when length(secret) > 64 then sha256(secret) else secret end;
  pad bytea := decode(repeat(lpad(to_hex(filler), 2, '0'), 64), 'hex');
begin
  for i in 0 .. length(block) - 1 loop
    pad := set_byte(pad, i, get_byte(block, i) # filler);
  end loop;
  return pad;
end
$$;
revoke execute on function postern_internal.hmac_pad(bytea, integer) from public;
comment on function postern_internal.hmac_pad(bytea, integer) is
'The padded block of RFC 2104 for HMAC-SHA-256. filler: 54 (0x36) for the inner, 92 (0x5c) for the outer block.';
