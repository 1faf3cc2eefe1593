-- A function, since behind a view with security_barrier max would read the whole log. It tells nothing of an attempt in the
-- own transaction: one is logged whatever the verdict.

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
comment on function postern.highest_log_id() is 'The highest log_id in the log, 0 in an empty one; postern.checkpoint_log need not show it.';
