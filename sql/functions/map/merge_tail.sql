-- A class that allows nothing has no bit to add. Many classes of a company may be of that kind, for example while an
-- administrator sets them up; the posting combinations are not read for them.

create or replace function postern_internal.merge_tail(
  class_id bigint,
  company text,
  first_id bigint,
  size integer,
  compiled_offset integer,
  bits bytea
)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  first_word constant integer := coalesce(compiled_offset, 0) / 64;
  merged bytea;
begin
  if not exists (select from postern_internal.authority_combination as c where c.class_id = merge_tail.class_id and c.allowed) then
    return coalesce(bits, postern_internal.zeros(size / 8));
  end if;
  select coalesce(substr(merge_tail.bits, 1, first_word * 8), '') || t.bits[1]
    into merged
    from postern_internal.class_rules(merge_tail.class_id) as r
   cross join lateral postern_internal.compile_blocks(company, 1, r.class_nos, r.allowed, r.patterns, first_id + first_word * 64, first_id + size - 1) as t;
  return coalesce(merged || postern_internal.zeros(size / 8 - octet_length(merged)), bits, postern_internal.zeros(size / 8));
end
$$;
revoke execute on function postern_internal.merge_tail(bigint, text, bigint, integer, integer, bytea) from public;
comment on function postern_internal.merge_tail(bigint, text, bigint, integer, integer, bytea) is
'The bits of one block in a class''s map. Evaluates the combinations from compiled_offset on (NULL: all), which bits does not cover, beginning at the last multiple of 64.';
