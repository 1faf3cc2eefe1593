-- Only the transaction that has locked the first block appends, so all agree where the end is. DO NOTHING makes a
-- transaction with an older snapshot fail with 40001.

create or replace function postern_internal.append_extents()
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into postern_internal.combination_block (first_id, size)
  select e.end_id + n * 32768, 32768
    from (select b.first_id + b.size as end_id from postern_internal.combination_block as b order by b.first_id desc limit 1) as e
   cross join generate_series(0, 31) as n
  on conflict do nothing
$$;
revoke execute on function postern_internal.append_extents() from public;
comment on function postern_internal.append_extents() is
'Adds 32 extents of 32768 free ids. Call it with the first block locked. Errors: 40001 the snapshot is older than what others have added.';
