-- Bits are collected 64 at a time in a bigint. int8send puts the highest byte first, but get_bit counts from the lowest
-- bit of the first byte. # 56 therefore reverses the order of the eight bytes. Blocks begin at multiples of 64 and
-- their IDs are dense, so the words of a block, one after the other, are its bits.

create or replace function postern_internal.compile_query(
  classes integer,
  class_nos integer[],
  allowed boolean[],
  patterns text[]
)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select format($query$
    select k.first_ids[width_bucket(w.word_no * 64, k.first_ids)], sum(w.ids)::integer, array[%s]
      from (select c.posting_combination_id / 64 as word_no, count(*) as ids, %s
              from postern.posting_combination as c
             where c.company = $2 and c.posting_combination_id between $3 and $4
             group by 1) as w
     cross join (select array_agg(b.first_id order by b.first_id) as first_ids
                   from postern_internal.combination_block as b
                  where b.company = $2) as k
     group by 1$query$,
                string_agg(format($bits$string_agg(int8send(w.word_%s), ''::bytea order by w.word_no)$bits$, c.class_no), ', ' order by c.class_no),
                string_agg(format('bit_or(case when %s then 1::bigint << ((c.posting_combination_id & 63)::integer # 56) else 0 end) as word_%s',
                                  c.condition, c.class_no), ', ' order by c.class_no))
    from unnest(postern_internal.class_conditions(classes, class_nos, allowed, patterns)) with ordinality as c (condition, class_no)
$$;
revoke execute on function postern_internal.compile_query(integer, integer[], boolean[], text[]) from public;
comment on function postern_internal.compile_query(integer, integer[], boolean[], text[]) is
'The query of compile_blocks. It takes the patterns (class_patterns), the company and the first and the last id.';
