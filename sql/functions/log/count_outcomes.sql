-- For counters that never miss or repeat an entry: each call counts what has become visible since the snapshot that the
-- call before it returned, in whatever order the transactions committed.
--
-- A restored log has transaction numbers of another cluster, which may lie in that range. Entries older than a day do
-- not count, so that these count for a day at most, and so that a call reads at most two partitions.
--
-- Runs with its owner's rights, because its callers need not see the log. It reveals numbers only, and omits entries of
-- the caller's own transaction: their outcome is the verdict of an attempt that can still be rolled back.

create or replace function postern.count_outcomes(
  since pg_snapshot,
  out until pg_snapshot,
  out passed bigint,
  out denied bigint,
  out locked bigint,
  out refused bigint,
  out cancelled bigint,
  out administered bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select pg_current_snapshot(),
         count(*) filter (where w.outcome = 'passed'),
         count(*) filter (where w.outcome = 'denied'),
         count(*) filter (where w.outcome = 'locked'),
         count(*) filter (where w.outcome = 'refused'),
         count(*) filter (where w.outcome = 'cancelled'),
         count(*) filter (where w.outcome = 'administered')
    from (
      select e.outcome
        from postern_internal.checkpoint_entry as e
       where e.transaction_id = any (array(select pg_snapshot_xip(since)))
         and e.logged_at > now() - interval '1 day'
         and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
       union all
      select e.outcome
        from postern_internal.checkpoint_entry as e
       where e.transaction_id >= pg_snapshot_xmax(since)
         and e.transaction_id < pg_snapshot_xmax(pg_current_snapshot())
         and e.logged_at > now() - interval '1 day'
         and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
    ) as w
$$;
revoke execute on function postern.count_outcomes(pg_snapshot) from public;
grant execute on function postern.count_outcomes(pg_snapshot) to postern_admin, postern_auditor, postern_sealer, postern_event_worker;
comment on function postern.count_outcomes(pg_snapshot) is
'For postern run: how many entries of each outcome have been committed since a snapshot, within the last day, without those of the caller''s own transaction. since: the until of the call before; NULL counts nothing and only returns where to begin. until: what to pass next. denied: wrong responses; locked: those that locked a credential; refused: attempts while it was locked; administered: changes of who may do what. For monitoring: see docs/operations.md.';
