-- PostgreSQL leaves the current transaction out of the list of those in progress. As soon as a later transaction had
-- ended, a comparison would take this one for committed, and never queue what it writes after this.

create or replace function postern_internal.event_snapshot()
returns pg_snapshot
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('%s:%s:%s', least(pg_snapshot_xmin(now.snapshot), pg_current_xact_id_if_assigned()), pg_snapshot_xmax(now.snapshot),
                (select string_agg(x.xid::text, ',' order by x.xid)
                   from (select pg_snapshot_xip(now.snapshot) as xid
                          union
                         select pg_current_xact_id_if_assigned()) as x
                  where x.xid < pg_snapshot_xmax(now.snapshot)))::pg_snapshot
    from (select pg_current_snapshot() as snapshot) as now
$$;
revoke execute on function postern_internal.event_snapshot() from public;
comment on function postern_internal.event_snapshot() is 'The current snapshot, with the current transaction among those in progress.';
