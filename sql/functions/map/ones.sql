create or replace function postern_internal.ones(
  bits integer,
  size integer
)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
return decode(repeat('ff', bits / 8) || case when bits % 8 = 0 then '' else lpad(to_hex((1 << bits % 8) - 1), 2, '0') end, 'hex')
       || postern_internal.zeros((size - (bits + 7) / 8 * 8) / 8);
revoke execute on function postern_internal.ones(integer, integer) from public;
comment on function postern_internal.ones(integer, integer) is 'A part of a map in which only the first bits are set. bits: how many are set. size: how many there are, a multiple of 8.';
