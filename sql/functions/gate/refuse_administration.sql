-- Only require_administrator reaches the gate, with what the transaction has changed. Otherwise anybody with a PIN could
-- have a change shown, and logged as approved, that nobody made.

create or replace function postern_internal.refuse_administration()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS107',
    message = 'The gate POSTERN_ADMINISTRATION asks by itself',
    detail = 'It is reached at the end of a transaction that changes who may do what, and by nothing else.',
    hint = 'Make the change, and answer the challenge of the error PS101 that its commit raises.';
end
$$;
revoke execute on function postern_internal.refuse_administration() from public;
comment on function postern_internal.refuse_administration() is 'Raises PS107: nobody reaches the gate POSTERN_ADMINISTRATION by a call.';
