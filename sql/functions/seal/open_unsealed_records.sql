-- Finds entries by their missing leaf and never from a log_id on, because log_ids are not given out in commit order. A
-- sealer asks for the transactions that the last seal did not see. An entry that the last seal should have seen, but
-- that has no leaf, was added later. It must not get a leaf; "postern log verify" finds it with seen_by.
--
-- In PL/pgSQL for the reason given at postern.log_records. It returns a cursor, because PL/pgSQL stores a returned set
-- completely before the caller reads it.
--
-- A scalar subquery looks for the leaf, because its plan is always an index look-up. Otherwise a plan made while there
-- were few leaves would read all leaves for each entry, and a sealer keeps its plan.

create or replace function postern.open_unsealed_records(
  lowest_transaction_ids xid8[],
  highest_transaction_ids xid8[],
  seen_by pg_snapshot default null
)
returns refcursor
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  unsealed refcursor := refcursor 'unsealed';
begin
  open unsealed no scroll for
    select r.*
      from unnest(lowest_transaction_ids, highest_transaction_ids) as s (lowest, highest)
     cross join lateral (
       select e.*
         from postern_internal.log_record as e
        where e.transaction_id >= s.lowest
          and e.transaction_id <= s.highest
          and (seen_by is null or pg_visible_in_snapshot(e.transaction_id, seen_by))
          and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null
        order by e.transaction_id, e.log_id
       offset 0
     ) as r;
  return unsealed;
end
$$;
revoke execute on function postern.open_unsealed_records(xid8[], xid8[], pg_snapshot) from public;
grant execute on function postern.open_unsealed_records(xid8[], xid8[], pg_snapshot) to postern_auditor, postern_sealer;
comment on function postern.open_unsealed_records(xid8[], xid8[], pg_snapshot) is
'For postern log seal: opens a cursor over the rows of the log without a leaf, in the form of postern.log_records, by transaction; returns its name. lowest_transaction_ids, highest_transaction_ids: the transactions, as ascending ranges that do not overlap. seen_by: only rows that this snapshot sees. Errors: 42P03 the cursor is open already.';
