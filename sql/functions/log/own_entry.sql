-- Entries that a dump or a replication brought here carry transaction ids of another cluster, and this cluster will
-- reach the same ids. So the id alone is not enough. Rows that this transaction wrote, even within a savepoint, have an
-- xmin that is not older than the transaction. Whatever leaves out a transaction's own entries checks this too; see
-- tests/attack/own_test.go.
--
-- The condition on the time lets PostgreSQL skip the partitions of earlier months. It allows for a day, because the
-- clock may have been set back since.

create or replace view postern_internal.own_entry
as
  select e.log_id, e.outcome, e.gate_id, e.action, e.userid, e.authenticated_by, e.logged_at, e.ticket, e.message, e.parameters
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = pg_catalog.pg_current_xact_id_if_assigned()
     and pg_catalog.age(e.xmin) <= 0
     and e.logged_at >= pg_catalog.transaction_timestamp() - interval '1 day';
revoke all on postern_internal.own_entry from public;
comment on view postern_internal.own_entry is 'Entries of the log that this transaction has written.';
