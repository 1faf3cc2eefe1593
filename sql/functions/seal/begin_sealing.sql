-- Takes a row lock, which nobody can take without this function. Anybody could take an advisory lock and hold it for
-- ever. A sealer that comes second gets no row instead of an error, because several sealers are usual, and each error
-- would be a line in the server's log.

create or replace function postern.begin_sealing(
  confirmed_timeline bigint default null,
  confirmed_database text default null
)
returns table (tree_size bigint, snapshot pg_snapshot, is_new_place boolean)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  perform postern_internal.refuse_read_only();
  perform from postern_internal.sealing for update skip locked;
  if not found then
    return;
  end if;
  is_new_place := postern_internal.require_sealing_place(confirmed_timeline, confirmed_database);
  perform postern_internal.require_fresh_log_ids();
  return query select u.tree_size, u.snapshot, is_new_place from postern.sealed_until() as u;
end
$$;
revoke execute on function postern.begin_sealing(bigint, text) from public;
grant execute on function postern.begin_sealing(bigint, text) to postern_sealer;
comment on function postern.begin_sealing(bigint, text) is
'For postern log seal: makes this transaction the only one that seals the log, and returns how far it is sealed, like postern.sealed_until; no row if another session is sealing. confirmed_timeline, confirmed_database: after a failover, or if this database replaces the one that was sealed, the place as the error shows it; NULL: the place is the same as before. is_new_place: it is not, and end_sealing has to record it. Errors: 55000 the log was sealed in another place, or has ids that its sequences have yet to give out; 40001 another session has just sealed; 42501 this database does not allow the login.';
