-- A general condition would look up every rule for each code string, at many times the cost. These conditions are
-- written for given rules and test them in one pass. They contain no pattern: they refer to patterns by their position
-- in $1.

create or replace function postern_internal.class_conditions(
  classes integer,
  class_nos integer[],
  allowed boolean[],
  patterns text[]
)
returns text[]
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  with pattern as (
    select p.pattern, p.place, (p.place - 1) / 10 + 1 as rule_no, substr('abcdefghij', ((p.place - 1) % 10)::integer + 1, 1) as part
      from unnest(patterns) with ordinality as p (pattern, place)
  ), test as (
    select r.class_no, r.allowed, r.rule_no,
           coalesce(string_agg(format(case when p.pattern = ' ' then 'c.code_%1$s is null'
                                           when p.pattern ~ '[%_[]' then 'c.code_%1$s like ($1)[%2$s]'
                                           else 'c.code_%1$s = ($1)[%2$s]' end,
                                      p.part, p.place),
                               ' and ' order by p.place)
                      filter (where p.pattern !~ '^%+$'),
                    'true') as test
      from unnest(class_nos, allowed) with ordinality as r (class_no, allowed, rule_no)
      join pattern as p on p.rule_no = r.rule_no
     group by r.class_no, r.allowed, r.rule_no
  ), condition as (
    select n.class_no,
           format('(%s) is true and (%s) is not true',
                  coalesce(string_agg(t.test, ' or ' order by t.rule_no) filter (where t.allowed), 'false'),
                  coalesce(string_agg(t.test, ' or ' order by t.rule_no) filter (where not t.allowed), 'false')) as condition
      from generate_series(1, classes) as n (class_no)
      left join test as t on t.class_no = n.class_no
     group by n.class_no
  )
  select array_agg(c.condition order by c.class_no) from condition as c
$$;
revoke execute on function postern_internal.class_conditions(integer, integer[], boolean[], text[]) from public;
comment on function postern_internal.class_conditions(integer, integer[], boolean[], text[]) is
'Whether each of some classes allows a code string: conditions over postern.posting_combination c, with class_patterns(patterns) as $1. The arguments are those of compile_blocks.';
