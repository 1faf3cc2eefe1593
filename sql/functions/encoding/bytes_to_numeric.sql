create or replace function postern_internal.bytes_to_numeric(bytes bytea)
returns numeric
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  number numeric := 0::numeric;
begin
  for position in 0 .. octet_length(bytes) - 1 loop
    number := number * 256 + get_byte(bytes, position);
  end loop;
  return number;
end
$$;
revoke execute on function postern_internal.bytes_to_numeric(bytea) from public;
comment on function postern_internal.bytes_to_numeric(bytea) is 'The unsigned number that bytes are, the most significant first.';
