-- Uses the snapshot of the last seal, as the sealer does: an entry outside that snapshot has no leaf. It looks only at
-- the oldest waiting entries, because a log that was never sealed may hold years.
--
-- Runs with its owner's rights, so that a sealer can see how much waits without access to the log.

create or replace function postern.unsealed_entries(
  out entries bigint,
  out oldest timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select count(*), min(w.logged_at)
    from postern.sealed_until() as s
   cross join lateral (
     select e.log_id, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id = any (array(select pg_snapshot_xip(s.snapshot)))
      union all
    (select e.log_id, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id >= coalesce(pg_snapshot_xmax(s.snapshot), '0')
      order by e.transaction_id
      limit 10000)
   ) as w
   where not exists (select from postern_internal.leaf as l where l.log_id = w.log_id)
$$;
revoke execute on function postern.unsealed_entries() from public;
grant execute on function postern.unsealed_entries() to postern_admin, postern_auditor, postern_sealer;
comment on function postern.unsealed_entries() is
'How many entries of the log have no leaf yet, among the 10000 oldest that the last seal did not see, and when the first of them was logged; NULL if there is none. For monitoring: see "postern log seal --metrics".';
