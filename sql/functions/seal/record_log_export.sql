-- The database must trust the caller that the file was written. drop_log also needs a head that covers what it drops,
-- so the head must be kept here.

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
  perform postern_internal.require_allowed_login('postern_sealer');
  if since >= until
     or not exists (select from postern_internal.tree_head as h where h.tree_size = record_log_export.tree_size) then
    raise exception using
      errcode = 'PS107',
      message = 'The export cannot be recorded',
      detail = format('since is %s, until is %s; tree_size is %s, and the signed heads kept here are of %s leaves at most.',
                      coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL'), coalesce(tree_size::text, 'NULL'),
                      (select coalesce(max(h.tree_size), 0) from postern_internal.tree_head as h)),
      hint = 'Pass how many leaves the signed head has under which the entries were proven. If it was signed a moment ago: run "postern log seal", then export again with "postern log export --proofs -o".';
  end if;
  insert into postern_internal.log_export (since, until, tree_size)
  values (coalesce(since, '-infinity'), coalesce(until, 'infinity'), tree_size);
end
$$;
revoke execute on function postern.record_log_export(timestamptz, timestamptz, bigint) from public;
grant execute on function postern.record_log_export(timestamptz, timestamptz, bigint) to postern_sealer;
comment on function postern.record_log_export(timestamptz, timestamptz, bigint) is
'For postern log export: records that the entries from since (inclusive) to until (exclusive) were written to a file with their proofs, under the head of tree_size leaves. Then postern.drop_log may remove them. NULL: no limit. Errors: PS107 there is no such head, since is not before until; 42501 this database does not allow the login.';
