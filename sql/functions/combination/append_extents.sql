-- Who has the first block locked appends, and nobody else, so what is the end for one is not the end for another. DO NOTHING
-- makes a transaction whose snapshot is older fail with 40001.

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
'Adds 32 extents of 32768 ids that no company has taken. Called by whoever has the first block locked. Errors: 40001 the snapshot is older than what others have added.';
