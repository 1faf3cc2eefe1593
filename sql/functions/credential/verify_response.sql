-- A verify function must tell its verdict to nobody but us. An error ends here, so that it neither rolls the attempt back nor,
-- with exit_on_error, ends the connection. Whether it returns or raises, all that it did is then rolled back: locks, settings,
-- notifications. A variable of PL/pgSQL survives that, and so carries the verdict out. Read-only, since written rows, used
-- numbers of sequences and transaction ids would outlast the rollback. What still does is listed in docs/security.md.
--
-- A cancel or a timeout ends here as well. Otherwise it would roll back the attempts of whichever verdict takes longer.

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
'What a verify function says about a response: false where it says NULL, raises an error, tries to write, or is cancelled. Leaves nothing that a rollback takes back.';
