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
begin
  perform postern_internal.require_allowed_login();
  if tree_size is null or tree_size <= 0 or root_hash is null or octet_length(root_hash) <> 32 or note is null or octet_length(note) > 10000 then
    raise exception using
      errcode = 'PS107',
      message = 'The head cannot be kept',
      detail = format('tree_size is %s, root_hash has %s octets, note has %s.', coalesce(tree_size::text, 'NULL'),
                      coalesce(octet_length(root_hash)::text, 'NULL'), coalesce(octet_length(note)::text, 'NULL')),
      hint = 'Pass the size of the tree, the 32 octets of its root, and the signed text of at most 10000 octets; or seal with "installer log seal".';
  end if;
  insert into postern_internal.tree_head (tree_size, root_hash, note) values (tree_size, root_hash, note)
  on conflict do nothing;
end
$$;
revoke execute on function postern.record_head(bigint, bytea, text) from public;
grant execute on function postern.record_head(bigint, bytea, text) to postern_sealer;
comment on function postern.record_head(bigint, bytea, text) is 'Keeps a copy of a signed tree head; where there is one of this size already, that one. note: a C2SP tlog-checkpoint. Errors: PS107 argument.';
