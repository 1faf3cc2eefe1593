create or replace function postern_internal.class_patterns(patterns text[])
returns text[]
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(case when p.pattern ~ '[%_[]' then postern_internal.like_pattern(p.pattern) else p.pattern end
                            order by p.place), '{}')
    from unnest(patterns) with ordinality as p (pattern, place)
$$;
revoke execute on function postern_internal.class_patterns(text[]) from public;
comment on function postern_internal.class_patterns(text[]) is 'The patterns of rules, one after the other, as class_conditions numbers them.';
