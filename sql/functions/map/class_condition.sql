-- A general condition would look up every rule for each code string, at many times the cost. This condition is written
-- for the rules of one class and tests them in one pass. It contains no pattern: it refers to patterns by their
-- position in $1.

create or replace function postern_internal.class_condition(class_id bigint)
returns text
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  with rule as (
    select c.allowed, c.patterns, row_number() over (order by c.combination_id) as rule_no
      from postern_internal.authority_combination as c
     where c.class_id = class_condition.class_id
  ), condition as (
    select r.allowed, r.rule_no,
           coalesce(string_agg(format(case when p.pattern = ' ' then 'c.code_%1$s is null'
                                           when p.pattern ~ '[%_[]' then 'c.code_%1$s like ($1)[%2$s]'
                                           else 'c.code_%1$s = ($1)[%2$s]' end,
                                      substr('abcdefghij', p.part::integer, 1), (r.rule_no - 1) * 10 + p.part),
                               ' and ' order by p.part)
                      filter (where p.pattern !~ '^%+$'),
                    'true') as test
      from rule as r
     cross join lateral unnest(r.patterns) with ordinality as p (pattern, part)
     group by r.allowed, r.rule_no
  )
  select format('(%s) is true and (%s) is not true',
                coalesce(string_agg(c.test, ' or ' order by c.rule_no) filter (where c.allowed), 'false'),
                coalesce(string_agg(c.test, ' or ' order by c.rule_no) filter (where not c.allowed), 'false'))
    from condition as c
$$;
revoke execute on function postern_internal.class_condition(bigint) from public;
comment on function postern_internal.class_condition(bigint) is
'Whether a class allows a code string, as a condition over postern.posting_combination c, with the class''s patterns (class_patterns) as $1.';
