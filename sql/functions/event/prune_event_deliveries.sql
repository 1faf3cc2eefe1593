create or replace function postern.prune_event_deliveries()
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  -- Evaluated once instead of for each row: a volatile condition cannot use an index.
  oldest constant timestamptz := clock_timestamp() - make_interval(days => postern_internal.setting_integer('event_days'));
  pruned bigint;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  perform postern_internal.refuse_read_only();
  delete from postern_internal.event_delivery as d
   where d.ctid = any (array(
           select o.ctid
             from postern_internal.event_delivery as o
            where o.finished_at < oldest
              and o.state <> 'dead'
            limit 10000
              for update skip locked));
  get diagnostics pruned = row_count;
  return pruned;
end
$$;
revoke execute on function postern.prune_event_deliveries() from public;
grant execute on function postern.prune_event_deliveries() to postern_event_worker;
comment on function postern.prune_event_deliveries() is
'Deletes deliveries that finished more than event_days ago, at most 10000 at a time. Dead letters stay. For the worker. Returns how many were deleted.';
