create or replace function postern.access_report_head()
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'database', current_database(),
    'read_at', statement_timestamp(),
    'read_by', session_user,
    'users', (select count(*) from postern_internal.end_user),
    'companies', (select count(*) from postern_internal.company),
    'checkpoints_enabled', postern_internal.setting_boolean('checkpoints_enabled'),
    'all_users_valid', postern_internal.setting_boolean('all_users_valid'),
    'log_head', (select jsonb_build_object('tree_size', h.tree_size, 'root_hash', encode(h.root_hash, 'hex'), 'signed_at', h.signed_at, 'note', h.note)
                   from postern_internal.tree_head as h
                  order by h.tree_size desc
                  limit 1))
$$;
revoke execute on function postern.access_report_head() from public;
grant execute on function postern.access_report_head() to postern_admin, postern_auditor;
comment on function postern.access_report_head() is
'What a report of access begins with: when and by which login it was read, how many users and companies there are, the settings that decide about approvals, and log_head: the newest signed head of the log in this snapshot (NULL: none was signed). Its signature is not checked here.';
