-- PostgreSQL's own error for a failed write names a statement that the caller has never seen, and gives no advice. On
-- the path of a gate the check is part of a condition that is evaluated in any case, so it costs nothing.

create or replace function postern_internal.refuse_read_only()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_read_only') = 'off' then
    return;
  end if;
  raise exception using
    errcode = 'read_only_sql_transaction',
    message = case when pg_is_in_recovery() then 'Nothing can be written on a standby' else 'Nothing can be written in a read-only transaction' end,
    detail = case when pg_is_in_recovery() then 'This server replays what its primary has written (pg_is_in_recovery() is true).'
                  else format('transaction_read_only is on; default_transaction_read_only is %s.', current_setting('default_transaction_read_only')) end,
    hint = case when pg_is_in_recovery() then 'Send this to the primary: with several hosts in a connection string, target_session_attrs=read-write finds it.'
                else 'Begin the transaction with: begin read write. If default_transaction_read_only is on, switch it off for the role or the database.' end;
end
$$;
revoke execute on function postern_internal.refuse_read_only() from public;
comment on function postern_internal.refuse_read_only() is
'Raises an error in a transaction that cannot write, before anybody is asked for a PIN in vain. Errors: 25006; the HINT says where writing is possible.';
