-- Only what costs something now, and what the services that do upkeep each minute would not leave: a small installation
-- without them is not told of a few old rows. The blocks of a company are looked at one by one, and few are not folded.
-- The ids of a block are counted as block_ids does it; that has no search_path of its own, so a view may not call it.

create or replace view postern_internal.overdue_upkeep as
  select 'warn' as level, 'overdue_upkeep' as code, u.object, 'Nobody does upkeep' as title, u.detail,
         'select postern.maintain(''1 minute'');' as fix
    from (
      select 'posting combinations of company ' || quote_ident(b.company) as object,
             format('%s new posting combinations are not in the maps. Each query of this company''s users evaluates them, which takes some %s ms.',
                    sum(n.ids - b.folded), round(sum(n.ids - b.folded) * 0.0007)) as detail
        from postern_internal.combination_block as b
       cross join lateral (
         select coalesce(max(p.posting_combination_id) - b.first_id + 1, b.given) as ids
           from postern.posting_combination as p
          where p.company = b.company
            and p.posting_combination_id >= b.first_id + b.given
            and p.posting_combination_id < b.first_id + b.size
       ) as n
       where b.company is not null and (not b.counted or b.folded < b.given)
       group by b.company
      having sum(n.ids - b.folded) > 10000
       union all
      select w.duty,
             format('%s%s rows should have been deleted, the oldest since %s. They take space: some %s.',
                    case when w.waiting >= 100000 then 'More than ' else '' end, w.waiting,
                    to_char(w.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
                    pg_size_pretty(case w.duty when 'expired tickets' then pg_total_relation_size('postern_internal.ticket') + pg_total_relation_size('postern_internal.open_gate')
                                               else pg_total_relation_size('postern_internal.event_delivery') end))
        from postern.waiting_upkeep() as w
       where w.waiting >= 10000
         and w.since < now() - interval '1 day'
         and w.duty in ('expired tickets', 'event deliveries')
    ) as u;
comment on view postern_internal.overdue_upkeep is 'Check of postern.doctor: companies with more than 10,000 posting combinations that no map has, and 10,000 tickets or deliveries that should have been deleted. Months without a partition are missing_log_partition.';
