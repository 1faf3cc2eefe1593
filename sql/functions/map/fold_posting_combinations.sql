-- One call folds one block. Folding itself waits for nothing, not even for a load that is still running. It leaves a
-- block that somebody is using, and a class that somebody is changing, to the next round.
--
-- A transaction that locks the row of a block and then looks sees all IDs of the block. A transaction with an older
-- snapshot may not, so it leaves the work to another one. A transaction that locks the row of a class sees the rules in
-- force. It increments the class's revision for the reason given at the table.
--
-- One statement locks all classes of the company, and one writes their maps: a company may have hundreds of classes.

create or replace function postern_internal.fold_posting_combinations(
  after_id bigint default null,
  out first_id bigint,
  out is_folded boolean
)
returns record
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  block record;
  ids integer;
  locked bigint[];
  behind bigint[];
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    return;
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
    return;
  end if;
  first_id := block.first_id;
  ids := (select n from postern_internal.block_ids(block.company, block.first_id, block.size, block.given, block.counted) as n);

  locked := array(
    select c.class_id
      from postern_internal.authority_class as c
     where c.company = block.company
     order by c.class_id
       for no key update skip locked);
  is_folded := cardinality(locked) = (select count(*) from postern_internal.authority_class as c where c.company = block.company);
  if ids > 0 then
    -- A class with nothing to add keeps its revision.
    behind := array(
      select c
        from unnest(locked) as c
       where not exists (select
                           from postern_internal.authority_map as m
                          where m.class_id = c and m.first_id = block.first_id and m.compiled_offset = ids));
    perform postern_internal.begin_class_change(c) from unnest(behind) as c;
    insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
    select c, block.first_id, ids, postern_internal.merge_tail(c, block.company, block.first_id, block.size, o.compiled_offset, o.bits)
      from unnest(behind) as c
      left join postern_internal.authority_map as o on o.class_id = c and o.first_id = block.first_id
    on conflict on constraint authority_map_pkey do update
       set compiled_offset = excluded.compiled_offset, bits = excluded.bits;
  end if;

  update postern_internal.combination_block as b
     set given = ids, counted = true, folded = case when is_folded then ids else b.folded end
   where b.first_id = block.first_id;
end
$$;
revoke execute on function postern_internal.fold_posting_combinations(bigint) from public;
comment on function postern_internal.fold_posting_combinations(bigint) is
'Compiles the new posting combinations of one block, at most 32768, into the maps of their company''s classes; until then every query evaluates them. after_id: takes the first such block after this id; NULL: the first of all. Returns the block, and whether all classes have it; both are NULL if there is none, or if the transaction is not at READ COMMITTED. Affects only speed.';
