-- Requires REPEATABLE READ. Only there is the snapshot that of the whole transaction, and it must be the snapshot by
-- which the entries were read.

create or replace function postern.end_sealing()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  sealed_before pg_snapshot;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if current_setting('transaction_isolation') <> 'repeatable read' then
    raise exception using
      errcode = '25001',
      message = 'Sealing needs one snapshot',
      detail = format('The transaction is %s.', current_setting('transaction_isolation')),
      hint = 'Seal with "postern log seal".';
  end if;
  -- From here on an entry without a leaf counts as one that was added later, and never gets one. As in
  -- open_unsealed_records, the plan of a scalar subquery is always an index look-up.
  perform from postern_internal.sealing for update nowait;
  select u.snapshot into sealed_before from postern.sealed_until() as u;
  if exists (select from postern_internal.own_entry)
     or exists (select
                  from postern_internal.checkpoint_entry as e
                 where e.transaction_id >= coalesce(pg_snapshot_xmax(sealed_before), '0')
                   and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null)
     or exists (select
                  from postern_internal.checkpoint_entry as e
                 where e.transaction_id = any (array(select pg_snapshot_xip(sealed_before)))
                   and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null) then
    raise exception using
      errcode = '55000',
      message = 'The log is not sealed',
      detail = 'There are entries without a leaf, or this transaction has made some.',
      hint = 'Seal with "postern log seal", which appends the leaves of all of them first.';
  end if;
  update postern_internal.sealing as s
     set snapshot = pg_current_snapshot(),
         place = postern_internal.current_place();
end
$$;
revoke execute on function postern.end_sealing() from public;
grant execute on function postern.end_sealing() to postern_sealer;
comment on function postern.end_sealing() is
'For postern log seal: records that all entries that this transaction sees have a leaf now. Errors: 25001 the transaction is not REPEATABLE READ, 55000 an entry has none, 55P03 another session is sealing, 42501 this database does not allow the login.';
