create or replace function postern_internal.ecdsa_integer(
  signature bytea,
  start integer,
  out number numeric,
  out next_start integer
)
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  length integer;
begin
  if start + 2 < octet_length(signature) and get_byte(signature, start) = 2 then
    length := get_byte(signature, start + 1);
    -- One spelling: no sign, and no zero in front but to avoid one.
    if length between 1 and 33
       and start + 2 + length <= octet_length(signature)
       and get_byte(signature, start + 2) < 128
       and (length = 1 or get_byte(signature, start + 2) > 0 or get_byte(signature, start + 3) >= 128) then
      number := postern_internal.bytes_to_numeric(substr(signature, start + 3, length));
      next_start := start + 2 + length;
    end if;
  end if;
end
$$;
revoke execute on function postern_internal.ecdsa_integer(bytea, integer) from public;
comment on function postern_internal.ecdsa_integer(bytea, integer) is
'The integer (DER) that begins at start, counted from 0, and where the next one begins. NULL if it is not a positive integer of at most 33 octets in its shortest form.';
