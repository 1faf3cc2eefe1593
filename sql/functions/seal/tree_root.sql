-- Computes the root of RFC 6962, section 2.1, from stored subtrees. The bits of tree_size say which subtrees these are.
-- It begins with the smallest one, which is the last.

create or replace function postern_internal.tree_root(tree_size bigint)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  root bytea;
  subtree bytea;
begin
  for level in 0..62 loop
    continue when (tree_size >> level) & 1 = 0;
    select substring(l.hashes from 32 * level + 1 for 32)
      into subtree
      from postern_internal.leaf as l
     where l.leaf_number = ((tree_size >> level) << level) - 1
       and octet_length(l.hashes) >= 32 * (level + 1);
    if not found then
      return null;
    end if;
    root := case when root is null then subtree else sha256(E'\\x01'::bytea || subtree || root) end;
  end loop;
  return root;
end
$$;
revoke execute on function postern_internal.tree_root(bigint) from public;
comment on function postern_internal.tree_root(bigint) is
'The root of the tree of the log''s first tree_size leaves, 32 octets, from the stored hashes. NULL if there are fewer leaves, or a hash is missing.';
