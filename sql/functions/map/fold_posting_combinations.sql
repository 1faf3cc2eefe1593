-- One call folds one block, and each call has its own transaction. Nobody's rules wait longer than one block of one company
-- takes. Folding itself waits for nothing, not even for a load that is still running. It leaves a block that somebody is
-- using, and a class that somebody is changing, to the next round.
--
-- A transaction that locks the row of a block and then looks sees all IDs of the block. A transaction with an older snapshot
-- may not, so it leaves the work to another one. A transaction that locks the row of a class sees the rules in force. It
-- increments the class's revision for the reason given at the table.

create or replace function postern.fold_posting_combinations(after_id bigint default null)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  block record;
  ids integer;
  class_of_company bigint;
  is_folded boolean := true;
begin
  perform postern_internal.require_allowed_login('postern_event_worker', 'postern_admin');
  perform postern_internal.refuse_read_only();
  if current_setting('transaction_isolation') <> 'read committed' then
    return null;
  end if;
  select b.first_id, b.company, b.size, b.given, b.counted
    into block
    from postern_internal.combination_block as b
   where b.company is not null
     and (not b.counted or b.folded < b.given)
     and b.first_id > coalesce(after_id, -1)
   order by b.first_id
   limit 1
     for no key update skip locked;
  if not found then
    return null;
  end if;
  ids := (select n from postern_internal.block_ids(block.company, block.first_id, block.size, block.given, block.counted) as n);

  for class_of_company in
    select c.class_id from postern_internal.authority_class as c where c.company = block.company order by c.class_id
  loop
    perform from postern_internal.authority_class as c where c.class_id = class_of_company for no key update skip locked;
    if not found then
      is_folded := false;
      continue;
    end if;
    -- A class with nothing to add keeps its revision.
    continue when ids = 0 or exists (select
                                       from postern_internal.authority_map as m
                                      where m.class_id = class_of_company and m.first_id = block.first_id and m.compiled_offset = ids);
    perform postern_internal.begin_class_change(class_of_company);
    insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
    select class_of_company, block.first_id, ids,
           postern_internal.merge_tail(class_of_company, block.company, block.first_id, block.size, o.compiled_offset, o.bits)
      from (values (0)) as one
      left join postern_internal.authority_map as o on o.class_id = class_of_company and o.first_id = block.first_id
    on conflict on constraint authority_map_pkey do update
       set compiled_offset = excluded.compiled_offset, bits = excluded.bits;
  end loop;

  update postern_internal.combination_block as b
     set given = ids, counted = true, folded = case when is_folded then ids else b.folded end
   where b.first_id = block.first_id;
  return block.first_id;
end
$$;
revoke execute on function postern.fold_posting_combinations(bigint) from public;
grant execute on function postern.fold_posting_combinations(bigint) to postern_event_worker, postern_admin;
comment on function postern.fold_posting_combinations(bigint) is
'Compiles new posting combinations into the maps of their company''s classes, which every query evaluates until then: one block of at most 32768, the first behind after_id (NULL: of all). Returns the block, to be passed as the next after_id, or NULL where there is none, or the transaction is not at READ COMMITTED. The event worker calls it, each call in a transaction of its own. Nothing depends on it but speed. Errors: 25006 nothing can be written.';
