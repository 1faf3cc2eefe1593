-- Dynamic SQL, because a condition written for the rules of a class is much faster (see class_conditions). Only numbers
-- vary in its text. One scan serves all of the classes.

create or replace function postern_internal.compile_blocks(
  company text,
  classes integer,
  class_nos integer[],
  allowed boolean[],
  patterns text[],
  from_id bigint,
  to_id bigint
)
returns table (
  first_id bigint,
  ids integer,
  bits bytea[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute postern_internal.compile_query(classes, class_nos, allowed, patterns)
  using postern_internal.class_patterns(patterns), company, from_id, to_id;
end
$$;
revoke execute on function postern_internal.compile_blocks(text, integer, integer[], boolean[], text[], bigint, bigint) from public;
comment on function postern_internal.compile_blocks(text, integer, integer[], boolean[], text[], bigint, bigint) is
'For each block of a company: how many posting combinations it has from from_id, a multiple of 64, to to_id, and for each class one bit for each of them that says whether its rules allow it. The bits are not padded to the size of the block. classes: how many classes. class_nos, allowed, patterns: of each rule, the number of its class from 1 on, whether it allows, and ten patterns.';
