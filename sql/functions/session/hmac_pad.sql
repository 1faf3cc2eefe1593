-- A key as RFC 2104 wants it: zero-padded to the block size of SHA-256 and every byte XORed with filler. Done
-- once, when a key is created, so that using the key is two calls of sha256.

create or replace function postern_internal.hmac_pad(
  secret bytea,
  filler integer
)
returns bytea
language sql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  with block as (
    select case when length(secret) > 64 then sha256(secret) else secret end as bytes
  )
  select string_agg(
           set_byte(decode('00', 'hex'), 0,
                    (case when i < length(block.bytes) then get_byte(block.bytes, i) else 0 end) # filler),
           ''::bytea order by i)
    from block, generate_series(0, 63) as i
$$;
revoke execute on function postern_internal.hmac_pad(bytea, integer) from public;
comment on function postern_internal.hmac_pad(bytea, integer) is
'The padded block of RFC 2104 for HMAC-SHA-256. filler: 54 (0x36) for the inner, 92 (0x5c) for the outer block.';
