-- Called only by functions that pin their search_path: without one of its own, this becomes a part of their query. One
-- branch reads entries of transactions that were in progress at the first snapshot, the other those of transactions
-- that began later. So a transaction that stays open for hours does not make every run read the entries of these hours
-- again. log_id + 0 keeps the planner from reading the whole log by its index.

create or replace function postern_internal.committed_entries(
  since pg_snapshot,
  until pg_snapshot,
  after_log_id bigint,
  outcome postern_internal.outcome
)
returns table (log_id bigint, transaction_id xid8)
language sql
stable
as $$
  select e.log_id, e.transaction_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = any (array(select pg_snapshot_xip(since)))
     and pg_visible_in_snapshot(e.transaction_id, until)
     and e.log_id + 0 > committed_entries.after_log_id
     and e.outcome = committed_entries.outcome
  union all
  select e.log_id, e.transaction_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id >= pg_snapshot_xmax(since)
     and e.transaction_id < pg_snapshot_xmax(until)
     and pg_visible_in_snapshot(e.transaction_id, until)
     and e.log_id + 0 > committed_entries.after_log_id
     and e.outcome = committed_entries.outcome
$$;
revoke execute on function postern_internal.committed_entries(pg_snapshot, pg_snapshot, bigint, postern_internal.outcome) from public;
comment on function postern_internal.committed_entries(pg_snapshot, pg_snapshot, bigint, postern_internal.outcome) is
'The entries with an outcome that are visible in one snapshot and were not in an earlier one. after_log_id: entries up to this one came from another cluster, and are left out.';
