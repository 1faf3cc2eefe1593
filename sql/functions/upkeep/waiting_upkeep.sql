-- Counts rows only up to a limit: whoever works off a long backlog calls this each minute.
--
-- Runs with its owner's rights. It reveals numbers and moments, but no name of a company, a user or a gate.

create or replace function postern.waiting_upkeep()
returns table (
  duty text,
  waiting bigint,
  since timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  tickets_before constant timestamptz := postern_internal.tickets_kept_since();
  deliveries_before constant timestamptz := postern_internal.deliveries_kept_since();
begin
  return query
    select 'posting combinations', count(*), null::timestamptz
      from postern_internal.combination_block as b
     where b.company is not null and (not b.counted or b.folded < b.given)
     union all
    select 'expired tickets', count(*), min(t.expires_at)
      from (select o.expires_at from postern_internal.ticket as o where o.expires_at < tickets_before order by o.expires_at limit 100000) as t
     union all
    select 'event deliveries', count(*), min(d.finished_at)
      from (select o.finished_at
              from postern_internal.event_delivery as o
             where o.finished_at < deliveries_before and o.state <> 'dead'
             order by o.finished_at
             limit 100000) as d
     union all
    select 'log partitions', count(*), min(m)
      from postern_internal.missing_log_months(null) as m;
end
$$;
revoke execute on function postern.waiting_upkeep() from public;
grant execute on function postern.waiting_upkeep() to postern_admin, postern_auditor, postern_sealer, postern_event_worker;
comment on function postern.waiting_upkeep() is
'For postern.maintain and postern.doctor: what postern.maintain would do, a row for each duty. waiting: blocks of posting combinations, tickets, deliveries (100000 at most are counted) or months. since: the moment of the oldest; NULL if it is not known.';
