-- A row lock that only this function can take: an advisory lock could be taken by everybody, and held for ever.

create or replace function postern.begin_sealing()
returns table (tree_size bigint, snapshot pg_snapshot)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  perform postern_internal.refuse_read_only();
  perform from postern_internal.sealing for update nowait;
  perform postern_internal.require_fresh_log_ids();
  return query select * from postern.sealed_until();
end
$$;
revoke execute on function postern.begin_sealing() from public;
grant execute on function postern.begin_sealing() to postern_sealer;
comment on function postern.begin_sealing() is
'Makes this transaction the only one that seals the log, and tells how far it was sealed, as postern.sealed_until does. Errors: 55000 the log has ids that its sequences have yet to give out; 55P03 another one is sealing; 40001 it has just done so; 42501 this database does not allow the login.';
