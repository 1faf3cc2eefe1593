create or replace function postern.append_leaves(
  log_ids bigint[],
  hashes bytea[]
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  first_leaf bigint;
  new_size bigint;
begin
  perform postern_internal.require_allowed_login();
  if log_ids is null or hashes is null or cardinality(log_ids) <> cardinality(hashes)
     or array_position(log_ids, null) is not null
     or exists (select from unnest(hashes) as h (hashes)
                 where h.hashes is null or octet_length(h.hashes) not between 32 and 2048 or octet_length(h.hashes) % 32 <> 0) then
    raise exception using
      errcode = 'PS107',
      message = 'The leaves cannot be appended',
      detail = format('%s entries, %s texts of hashes; none may be NULL, and a text has 32 octets for each hash, 1 to 64 of them.', coalesce(cardinality(log_ids)::text, 'NULL'), coalesce(cardinality(hashes)::text, 'NULL')),
      hint = 'Seal with "installer log seal".';
  end if;
  select s.tree_size into first_leaf from postern_internal.sealing as s for update nowait;
  if first_leaf is distinct from (select coalesce(max(l.leaf_number) + 1, 0) from postern_internal.leaf as l) then
    raise exception using
      errcode = 'PS501',
      message = 'The log''s tree was changed',
      detail = format('It was sealed up to %s leaves and does not end there.', first_leaf),
      hint = 'Find out what was changed with "installer log verify".';
  end if;
  insert into postern_internal.leaf (leaf_number, log_id, hashes)
  select first_leaf + n.position - 1, n.log_id, n.hashes
    from unnest(log_ids, hashes) with ordinality as n (log_id, hashes, position);
  update postern_internal.sealing as s
     set tree_size = first_leaf + cardinality(log_ids)
  returning s.tree_size into new_size;
  return new_size;
end
$$;
revoke execute on function postern.append_leaves(bigint[], bytea[]) from public;
grant execute on function postern.append_leaves(bigint[], bytea[]) to postern_sealer;
comment on function postern.append_leaves(bigint[], bytea[]) is
'Makes entries the next leaves of the log''s tree, in the given order. hashes: as in postern.log_leaf, one text of octets for each entry. Returns the number of leaves. Errors: 23505 an entry has a leaf, 55P03 another one is sealing, PS107 argument, PS501 leaves are missing or were added.';
