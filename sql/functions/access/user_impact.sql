-- Many users share two sets, so the sets of each pair are compared once, as bit strings. What exists is read from the
-- maps that the policies read; what would be is compiled from the rules, in the same way.

create or replace function postern_internal.user_impact(changes jsonb)
returns table (
  effect text,
  userid text,
  company text,
  ledger_id text,
  combinations bigint,
  of_combinations bigint,
  reason text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with place as materialized (
    select p.userid, p.company, p.ledger_id, p.was_in, p.is_in, p.old_set, p.new_set, p.reason
      from postern_internal.changed_places(changes) as p
  ), pair as materialized (
    select distinct p.company, p.old_set, p.new_set from place as p where p.old_set is distinct from p.new_set
  ), class as (
    select c.company, -c.change_no as number, c.allowed, c.patterns, row_number() over (partition by c.company order by c.change_no) - 1 as place
      from postern_internal.changed_classes(changes) as c
     where exists (select from pair as p where p.company = c.company and -c.change_no in (p.old_set, p.new_set))
  ), rule_set as (
    -- One scan of the company's posting combinations serves so many classes.
    select c.company, c.place / 32 as scan, array_agg(c.number order by c.place) as numbers
      from class as c
     group by c.company, c.place / 32
  ), compiled as materialized (
    select s.company, b.first_id, n.number, b.bits[n.place] || postern_internal.zeros(k.size / 8 - octet_length(b.bits[n.place])) as bits
      from rule_set as s
     cross join lateral (select coalesce(array_agg(c.place::integer % 32 + 1 order by c.place, i), '{}') as class_nos,
                                coalesce(array_agg(c.allowed[i] order by c.place, i), '{}') as allowed,
                                coalesce(array_agg(c.patterns[i:i] order by c.place, i), '{}') as patterns
                           from class as c
                          cross join lateral generate_subscripts(c.allowed, 1) as i
                          where c.company = s.company and c.place / 32 = s.scan) as r
     cross join lateral postern_internal.compile_blocks(s.company, cardinality(s.numbers), r.class_nos, r.allowed, r.patterns, 0, 9223372036854775807) as b
      join postern_internal.combination_block as k on k.first_id = b.first_id
     cross join lateral unnest(s.numbers) with ordinality as n (number, place)
  ), bits as materialized (
    select b.company, s.number, b.first_id, ('x' || encode(k.bits, 'hex'))::varbit as bits
      from (select p.company, p.old_set as number from pair as p where p.old_set >= 0
             union
            select p.company, p.new_set from pair as p where p.new_set >= 0) as s
      join postern_internal.combination_block as b on b.company = s.company
     cross join lateral postern_internal.block_bits(b.company, nullif(s.number, 0), b.first_id, b.size, b.given, b.counted) as k (bits)
     union all
    select c.company, c.number, c.first_id, ('x' || encode(c.bits, 'hex'))::varbit from compiled as c
  ), difference as materialized (
    select p.company, p.old_set, p.new_set,
           sum(bit_count(case when o.bits is null then n.bits when n.bits is null then null else n.bits & ~o.bits end)) as gained,
           sum(bit_count(case when n.bits is null then o.bits when o.bits is null then null else o.bits & ~n.bits end)) as lost
      from pair as p
      join postern_internal.combination_block as b on b.company = p.company
      left join bits as o on o.company = p.company and o.number = p.old_set and o.first_id = b.first_id
      left join bits as n on n.company = p.company and n.number = p.new_set and n.first_id = b.first_id
     group by p.company, p.old_set, p.new_set
  ), whole as materialized (
    select c.company, postern_internal.allowed_combinations(c.company, null) as combinations
      from (select distinct p.company from place as p) as c
  )
  select e.effect, p.userid, p.company, p.ledger_id, e.combinations, w.combinations, p.reason
    from place as p
    join whole as w on w.company = p.company
    -- A hash join needs equality; no set has this number.
    left join difference as d
      on d.company = p.company
     and coalesce(d.old_set, 9223372036854775807) = coalesce(p.old_set, 9223372036854775807)
     and coalesce(d.new_set, 9223372036854775807) = coalesce(p.new_set, 9223372036854775807)
   cross join lateral (values ('gains', p.is_in and not p.was_in, coalesce(d.gained, 0)),
                              ('loses', p.was_in and not p.is_in, coalesce(d.lost, 0))) as e (effect, is_place, combinations)
   where e.is_place or e.combinations > 0
$$;
revoke execute on function postern_internal.user_impact(jsonb) from public;
comment on function postern_internal.user_impact(jsonb) is
'Which users gain or lose companies, internal ledgers and posting combinations by changes. changes: see access_impact; checked by check_changes.';
