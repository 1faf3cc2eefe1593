create or replace function postern.record_head(
  tree_size bigint,
  root_hash bytea,
  note text
)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into postern_internal.tree_head (tree_size, root_hash, note) values (tree_size, root_hash, note)
  on conflict do nothing
$$;
revoke execute on function postern.record_head(bigint, bytea, text) from public;
grant execute on function postern.record_head(bigint, bytea, text) to postern_auditor;
comment on function postern.record_head(bigint, bytea, text) is 'Keeps a copy of a signed tree head; where there is one of this size already, that one. note: a C2SP tlog-checkpoint.';
