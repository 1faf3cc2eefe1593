-- Only authenticate may learn the verdict of a verify function. Errors are caught here: an error would otherwise roll
-- the attempt back, or end the connection if exit_on_error is on. Whether the function returns or raises, what it did
-- is rolled back: locks, settings, notifications. A PL/pgSQL variable survives that rollback and carries the verdict
-- out. The function runs read-only, because written rows, used sequence numbers and transaction ids would outlast the
-- rollback. docs/security.md lists what still outlasts it.
--
-- A cancel or a timeout is caught as well. Otherwise it would roll back the attempts of whichever verdict takes longer.

create or replace function postern_internal.verify_response(
  verify_function regprocedure,
  userid text,
  response text,
  challenge jsonb
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set exit_on_error = off
set client_min_messages = error
as $$
declare
  is_right boolean;
begin
  begin
    perform set_config('transaction_read_only', 'on', true);
    execute format('select %s($1, $2, $3)', verify_function::regproc) into is_right using userid, response, challenge;
    raise exception 'rolled back, whatever the verdict';
  exception when others or query_canceled or assert_failure then
    null;
  end;
  return coalesce(is_right, false);
end
$$;
revoke execute on function postern_internal.verify_response(regprocedure, text, text, jsonb) from public;
comment on function postern_internal.verify_response(regprocedure, text, text, jsonb) is
'The verdict of a verify function on a response: false if the function returns NULL, raises an error, tries to write, or is cancelled. Leaves nothing behind that a rollback can undo.';
