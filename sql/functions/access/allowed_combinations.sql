-- Counts the bits that the policies read, so it cannot disagree with them.

create or replace function postern_internal.allowed_combinations(
  company text,
  class_id bigint
)
returns bigint
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(bit_count(c.bits)), 0)::bigint
    from postern_internal.combination_block as b
   cross join lateral (select c
                         from postern_internal.block_bits(b.company, allowed_combinations.class_id, b.first_id, b.size, b.given, b.counted) as c
                       offset 0) as c (bits)
   where b.company = allowed_combinations.company
$$;
revoke execute on function postern_internal.allowed_combinations(text, bigint) from public;
comment on function postern_internal.allowed_combinations(text, bigint) is
'How many posting combinations of a company a class allows. class_id NULL: how many there are.';
