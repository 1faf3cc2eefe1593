-- A function, because a view with security_barrier could not use an index for the ranges. In PL/pgSQL, because PL/pgSQL
-- keeps the plan; planning takes longer with each month of the log.

create or replace function postern.log_records(
  lowest bigint[],
  highest bigint[]
)
returns setof postern_internal.log_record
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
set plan_cache_mode = force_generic_plan
rows 5000
as $$
begin
  return query
    select r.*
      from unnest(log_records.lowest, log_records.highest) as s (lowest, highest)
     cross join lateral (
       select e.*
         from postern_internal.log_record as e
        where e.log_id between s.lowest and s.highest
       offset 0 -- so that no plan that was made while the log was short reads all of it for each stretch
     ) as r;
end
$$;
revoke execute on function postern.log_records(bigint[], bigint[]) from public;
grant execute on function postern.log_records(bigint[], bigint[]) to postern_auditor, postern_sealer;
comment on function postern.log_records(bigint[], bigint[]) is
'All rows of the log in ranges of log_ids, in no order, with the values that their leaves are made of. Includes rows that postern.checkpoint_log does not show, but none of the current transaction. lowest, highest: the ends of each range.';
