-- Does not check the signature, because the database has neither Ed25519 nor a key to trust. It can only check that the
-- head belongs to this tree.

create or replace function postern.record_head(
  tree_size bigint,
  root_hash bytea,
  note text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  lines text[];
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if tree_size is null or tree_size <= 0 or root_hash is null or octet_length(root_hash) <> 32 or note is null or octet_length(note) > 10000 then
    raise exception using
      errcode = 'PS107',
      message = 'The head cannot be kept',
      detail = format('tree_size is %s, root_hash has %s octets, note has %s.', coalesce(tree_size::text, 'NULL'),
                      coalesce(octet_length(root_hash)::text, 'NULL'), coalesce(octet_length(note)::text, 'NULL')),
      hint = 'Pass the size of the tree, the 32 octets of its root, and the signed text of at most 10000 octets; or seal with "postern log seal".';
  end if;
  lines := string_to_array(note, E'\n');
  if (lines[2], lines[3]) is distinct from (tree_size::text, encode(root_hash, 'base64'))
     or root_hash is distinct from postern_internal.tree_root(tree_size) then
    raise exception using
      errcode = 'PS501',
      message = 'The head is not one of the log''s tree',
      detail = format('tree_size is %s, root_hash is %s; the tree of as many leaves has the root %s.', tree_size, encode(root_hash, 'hex'),
                      coalesce(encode(postern_internal.tree_root(tree_size), 'hex'), 'of no known hash')),
      hint = 'Seal with "postern log seal"; if that fails, find out what was changed with "postern log verify".';
  end if;
  insert into postern_internal.tree_head (tree_size, root_hash, note) values (tree_size, root_hash, note)
  on conflict do nothing;
end
$$;
revoke execute on function postern.record_head(bigint, bytea, text) from public;
grant execute on function postern.record_head(bigint, bytea, text) to postern_sealer;
comment on function postern.record_head(bigint, bytea, text) is
'For postern log seal: stores a copy of a signed tree head; if there is one of this size already, it stays. note: a C2SP tlog-checkpoint; its signature is not checked. Errors: PS107 argument, PS501 it is not a head of the log''s tree, 42501 this database does not allow the login.';
