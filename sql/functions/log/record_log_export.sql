create or replace function postern.record_log_export(
  since timestamptz,
  until timestamptz,
  tree_size bigint
)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into postern_internal.log_export (since, until, tree_size)
  values (coalesce(since, '-infinity'), coalesce(until, 'infinity'), tree_size)
$$;
revoke execute on function postern.record_log_export(timestamptz, timestamptz, bigint) from public;
grant execute on function postern.record_log_export(timestamptz, timestamptz, bigint) to postern_auditor;
comment on function postern.record_log_export(timestamptz, timestamptz, bigint) is
'Says that all entries from since until until, under the head of so many leaves, were written to a file with their proofs, which lets postern.drop_log remove them. NULL: no limit.';
