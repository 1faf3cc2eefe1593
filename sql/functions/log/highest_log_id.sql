-- A function, because max over a view with security_barrier would read the whole log. It reveals nothing about an
-- attempt in the caller's transaction: an attempt is logged whatever the verdict.

create or replace function postern.highest_log_id()
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(max(e.log_id), 0) from postern_internal.checkpoint_entry as e
$$;
revoke execute on function postern.highest_log_id() from public;
grant execute on function postern.highest_log_id() to postern_auditor, postern_sealer;
comment on function postern.highest_log_id() is 'For postern log list: the highest log_id in the log, 0 if the log is empty. postern.checkpoint_log may hide that entry.';
