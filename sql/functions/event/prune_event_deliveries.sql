create or replace function postern_internal.prune_event_deliveries(maximum integer)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  -- Evaluated once instead of for each row: a volatile condition cannot use an index.
  oldest constant timestamptz := postern_internal.deliveries_kept_since();
  pruned bigint;
begin
  delete from postern_internal.event_delivery as d
   where d.ctid = any (array(
           select o.ctid
             from postern_internal.event_delivery as o
            where o.finished_at < oldest
              and o.state <> 'dead'
            limit maximum
              for update skip locked));
  get diagnostics pruned = row_count;
  return pruned;
end
$$;
revoke execute on function postern_internal.prune_event_deliveries(integer) from public;
comment on function postern_internal.prune_event_deliveries(integer) is
'Deletes deliveries that finished more than event_days ago, at most maximum of them. Dead letters stay. Waits for nobody. Returns how many were deleted.';
