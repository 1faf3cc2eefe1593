create or replace function postern_internal.class_allows(
  class_id bigint,
  codes text[]
)
returns boolean
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_and(c.allowed), false)
    from postern_internal.authority_combination as c
   where c.class_id = class_allows.class_id
     and postern_internal.rule_matches(codes, c.patterns)
$$;
revoke execute on function postern_internal.class_allows(bigint, text[]) from public;
comment on function postern_internal.class_allows(bigint, text[]) is
'Whether a class allows one code string. Not allowed always wins; what no rule allows is not allowed. compile_blocks gives the same answer for many code strings at once.';
