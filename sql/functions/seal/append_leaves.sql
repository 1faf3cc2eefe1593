-- A sealer must have hashed what the log really contains, so the database computes the leaves and the tree too. It
-- works in sets, because PL/pgSQL takes longer per leaf than the hashes do. It finds entries by ranges of log_ids,
-- because one look-up per entry would search every month's partition.

create or replace function postern.append_leaves(
  log_ids bigint[],
  hashes bytea[]
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_mergejoin = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  first_leaf bigint;
  new_size bigint;
  sealed_before pg_snapshot;
  unproven bigint;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if log_ids is null or hashes is null or cardinality(log_ids) <> cardinality(hashes)
     or array_position(log_ids, null) is not null
     or exists (select from unnest(hashes) as h (hashes)
                 where h.hashes is null or octet_length(h.hashes) not between 32 and 2048 or octet_length(h.hashes) % 32 <> 0) then
    raise exception using
      errcode = 'PS107',
      message = 'The leaves cannot be appended',
      detail = format('%s entries, %s texts of hashes; none may be NULL, and a text has 32 octets for each hash, 1 to 64 of them.', coalesce(cardinality(log_ids)::text, 'NULL'), coalesce(cardinality(hashes)::text, 'NULL')),
      hint = 'Seal with "postern log seal".';
  end if;
  perform from postern_internal.sealing for update nowait;
  select u.tree_size, u.snapshot into first_leaf, sealed_before from postern.sealed_until() as u;
  -- Not max(): a plan made while there are no leaves would read all of them each time.
  if first_leaf is distinct from coalesce((select l.leaf_number + 1 from postern_internal.leaf as l order by l.leaf_number desc limit 1), 0) then
    raise exception using
      errcode = 'PS501',
      message = 'The log''s tree was changed',
      detail = format('It was sealed up to %s leaves and does not end there.', first_leaf),
      hint = 'Find out what was changed with "postern log verify".';
  end if;
  insert into postern_internal.leaf (leaf_number, log_id, hashes)
  select first_leaf + n.position - 1, n.log_id, n.hashes
    from unnest(log_ids, hashes) with ordinality as n (log_id, hashes, position);
  new_size := first_leaf + cardinality(log_ids);

  with wanted as materialized (
    select n.log_id, substring(n.hashes for 32) as hash
      from unnest(log_ids, hashes) as n (log_id, hashes)
  ),
  stretch as (
    select min(i.log_id) as lowest, max(i.log_id) as highest
      from (select g.log_id, count(*) filter (where g.gap > 100) over (order by g.log_id) as island
              from (select w.log_id, w.log_id - lag(w.log_id) over (order by w.log_id) as gap from wanted as w) as g) as i
     group by i.island
  )
  select cardinality(log_ids) - count(distinct w.log_id)
    into unproven
    from stretch as s
   cross join lateral (
     select e.log_id, e.transaction_id, postern_internal.leaf_hash(e) as hash
       from postern_internal.checkpoint_entry as e
      where e.log_id between s.lowest and s.highest
        and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
     offset 0
   ) as e
    join wanted as w on w.log_id = e.log_id
   where e.hash = w.hash
     and (sealed_before is null or not pg_visible_in_snapshot(e.transaction_id, sealed_before));
  if unproven <> 0 then
    raise exception using
      errcode = 'PS501',
      message = 'The leaves are not those of the log''s entries',
      detail = format('%s of %s entries are not in the log as they were hashed, or are not new: of this transaction, or from before the last seal.', unproven, cardinality(log_ids)),
      hint = 'Seal with "postern log seal", of the version that is installed.';
  end if;

  -- A leaf stores each subtree that it completes, one for each bit 1 at the end of its number. The left half of such a
  -- subtree was completed by an earlier leaf, the right half by this one.
  -- The lowest bit 0 of the number, as a number, is 2 to the power of how many there are.
  select min(l.leaf_number)
    into unproven
    from (select n.leaf_number, n.hashes, generate_series(1, octet_length(n.hashes) / 32 - 1) as level -- not in FROM, which would make a table for each leaf
            from postern_internal.leaf as n
           where n.leaf_number >= first_leaf
             and octet_length(n.hashes) > 32
          offset 0) as l
   where substring(l.hashes from 32 * level + 1 for 32) is distinct from
         sha256(E'\\x01'::bytea
                || (select substring(m.hashes from 32 * level - 31 for 32) -- by its key, whatever the planner knows
                      from postern_internal.leaf as m
                     where m.leaf_number = l.leaf_number - (1::bigint << (level - 1)))
                || substring(l.hashes from 32 * level - 31 for 32));
  if unproven is null then
    select min(l.leaf_number)
      into unproven
      from postern_internal.leaf as l
     where l.leaf_number >= first_leaf
       and (1::bigint << (octet_length(l.hashes) / 32 - 1)) <> ((l.leaf_number + 1) & -(l.leaf_number + 1));
  end if;
  if unproven is not null then
    raise exception using
      errcode = 'PS501',
      message = 'The hashes do not fit the log''s tree',
      detail = format('Leaf %s does not have the hashes of the subtrees that it completes.', unproven),
      hint = 'Seal with "postern log seal"; if that fails, find out what was changed with "postern log verify".';
  end if;

  update postern_internal.sealing as s set tree_size = new_size;
  return new_size;
end
$$;
revoke execute on function postern.append_leaves(bigint[], bytea[]) from public;
grant execute on function postern.append_leaves(bigint[], bytea[]) to postern_sealer;
comment on function postern.append_leaves(bigint[], bytea[]) is
'For postern log seal: makes entries the next leaves of the log''s tree, in the given order. hashes: as in postern.log_leaf, one text of octets for each entry; the database computes them again. Returns the number of leaves. Errors: 23505 an entry has a leaf, 55P03 another one is sealing, PS107 argument, PS501 the hashes are not those of the entries and their tree, entries are not new, or leaves are missing or were added; 42501 this database does not allow the login.';
