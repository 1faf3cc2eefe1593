create or replace function postern_internal.class_patterns(class_id bigint)
returns text[]
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(case when p.pattern ~ '[%_[]' then postern_internal.like_pattern(p.pattern) else p.pattern end
                            order by c.combination_id, p.part), '{}')
    from postern_internal.authority_combination as c
   cross join lateral unnest(c.patterns) with ordinality as p (pattern, part)
   where c.class_id = class_patterns.class_id
$$;
revoke execute on function postern_internal.class_patterns(bigint) from public;
comment on function postern_internal.class_patterns(bigint) is 'The patterns of a class, one after the other, as class_condition numbers them.';
