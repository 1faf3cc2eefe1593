create or replace function postern.compile_authority_maps()
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  class record;
  open_block bigint;
  written bigint;
  total bigint := 0::bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  for class in select c.class_id, c.company from postern_internal.authority_class as c order by c.class_id loop
    -- A class with nothing to add is not locked, so nobody who changes its rules waits for this.
    if not exists (select from postern_internal.stale_block(class.class_id, class.company)) then
      continue;
    end if;
    perform postern_internal.begin_class_change(class.class_id);
    insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
    select class.class_id, s.first_id, s.ids, postern_internal.merge_tail(class.class_id, class.company, s.first_id, s.size, s.compiled_offset, s.bits)
      from postern_internal.stale_block(class.class_id, class.company) as s
    on conflict on constraint authority_map_pkey do update
       set compiled_offset = excluded.compiled_offset, bits = excluded.bits;
    get diagnostics written = row_count;
    total := total + written;
  end loop;

  -- Skips blocks that somebody is using, so nobody waits. A transaction that locks a block and then looks sees all its
  -- ids, unless its snapshot is older: then it leaves the counting to another transaction.
  if current_setting('transaction_isolation') = 'read committed' then
    for open_block in
      select b.first_id
        from postern_internal.combination_block as b
       where not b.counted and b.company is not null
       order by b.first_id
         for no key update skip locked
    loop
      update postern_internal.combination_block as b
         set given = (select n from postern_internal.block_ids(b.company, b.first_id, b.size, b.given, b.counted) as n), counted = true
       where b.first_id = open_block;
    end loop;
  end if;
  return total;
end
$$;
revoke execute on function postern.compile_authority_maps() from public;
grant execute on function postern.compile_authority_maps() to postern_admin;
comment on function postern.compile_authority_maps() is
'Compiles the posting combinations that were created after the last change of each class; until then every query evaluates them. At READ COMMITTED it also counts the ids of blocks, so that queries need not look for newer ones. Call it after many were created, or now and then. Returns how many chunks of maps were written. Affects only speed.';
