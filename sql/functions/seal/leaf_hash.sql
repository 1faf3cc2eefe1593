create or replace function postern_internal.leaf_hash(entry postern_internal.checkpoint_entry)
returns bytea
language sql
stable
begin atomic
  select sha256('\x00'::bytea || postern_internal.leaf_data(entry));
end;
revoke execute on function postern_internal.leaf_hash(postern_internal.checkpoint_entry) from public;
comment on function postern_internal.leaf_hash(postern_internal.checkpoint_entry) is 'The hash of an entry''s leaf (RFC 6962, section 2.1), 32 octets.';
