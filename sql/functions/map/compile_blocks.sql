-- Dynamic SQL, because a condition written for the rules of a class is much faster (see class_condition). Only numbers
-- vary in its text.
--
-- Bits are collected 64 at a time in a bigint. int8send puts the highest byte first, but get_bit counts from the lowest
-- bit of the first byte. # 56 therefore reverses the order of the eight bytes. Blocks begin at multiples of 64 and
-- their IDs are dense, so the words of a block, one after the other, are its bits.

create or replace function postern_internal.compile_blocks(
  class_id bigint,
  company text,
  from_id bigint,
  to_id bigint
)
returns table (
  first_id bigint,
  ids integer,
  bits bytea
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format($query$
    select k.first_ids[width_bucket(w.word_no * 64, k.first_ids)], sum(w.ids)::integer, string_agg(int8send(w.word), ''::bytea order by w.word_no)
      from (select c.posting_combination_id / 64 as word_no,
                   count(*) as ids,
                   bit_or(case when %s then 1::bigint << ((c.posting_combination_id & 63)::integer # 56) else 0 end) as word
              from postern.posting_combination as c
             where c.company = $2 and c.posting_combination_id between $3 and $4
             group by 1) as w
     cross join (select array_agg(b.first_id order by b.first_id) as first_ids
                   from postern_internal.combination_block as b
                  where b.company = $2) as k
     group by 1$query$, postern_internal.class_condition(class_id))
  using postern_internal.class_patterns(class_id), company, from_id, to_id;
end
$$;
revoke execute on function postern_internal.compile_blocks(bigint, text, bigint, bigint) from public;
comment on function postern_internal.compile_blocks(bigint, text, bigint, bigint) is
'For each block of a company: how many posting combinations it has from from_id, a multiple of 64, to to_id, and one bit for each that says whether the class allows it. The bits are not padded to the size of the block.';
