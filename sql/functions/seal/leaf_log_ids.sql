-- Does not use min() over the table, because that would read the index on log_id from the oldest entry on.

create or replace function postern.leaf_log_ids(
  first_leaf bigint,
  out lowest bigint,
  out highest bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
  select min(l.log_id), max(l.log_id)
    from (select n.log_id from postern_internal.leaf as n where n.leaf_number >= first_leaf offset 0) as l
$$;
revoke execute on function postern.leaf_log_ids(bigint) from public;
grant execute on function postern.leaf_log_ids(bigint) to postern_auditor, postern_sealer;
comment on function postern.leaf_log_ids(bigint) is
'For postern log verify: the lowest and the highest log_id of the leaves from first_leaf on; NULL if there are none.';
