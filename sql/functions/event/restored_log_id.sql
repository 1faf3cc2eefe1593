-- Entries that a dump brought from another cluster have transaction ids that this cluster may still reach. They would
-- then be taken for new ones. log_id + 0 keeps the planner from searching the index on log_id for the maximum, which
-- may read the whole log.

create or replace function postern_internal.restored_log_id()
returns bigint
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select coalesce(max(e.log_id + 0), 0)
    from postern_internal.checkpoint_entry as e
   where e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
     and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
$$;
revoke execute on function postern_internal.restored_log_id() from public;
comment on function postern_internal.restored_log_id() is 'The highest log_id of a transaction that this cluster has not begun yet; 0 if there is none.';
