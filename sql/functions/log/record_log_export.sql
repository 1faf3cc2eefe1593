create or replace function postern.record_log_export(
  since timestamptz,
  until timestamptz,
  tree_size bigint
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login();
  if tree_size is null or tree_size < 0 then
    raise exception using
      errcode = 'PS107',
      message = 'The export cannot be noted',
      detail = format('tree_size is %s.', coalesce(tree_size::text, 'NULL')),
      hint = 'Pass how many leaves the head has under which the entries were proven; or export with "installer log export --proofs".';
  end if;
  insert into postern_internal.log_export (since, until, tree_size)
  values (coalesce(since, '-infinity'), coalesce(until, 'infinity'), tree_size);
end
$$;
revoke execute on function postern.record_log_export(timestamptz, timestamptz, bigint) from public;
grant execute on function postern.record_log_export(timestamptz, timestamptz, bigint) to postern_sealer;
comment on function postern.record_log_export(timestamptz, timestamptz, bigint) is
'Says that all entries from since until until, under the head of so many leaves, were written to a file with their proofs, which lets postern.drop_log remove them. NULL: no limit. Errors: PS107 tree_size.';
