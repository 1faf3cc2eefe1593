-- A nonce stays until no ticket can be made with it any more and none is left. A challenge can be answered for at most
-- an hour, its last ticket can be used for another hour, and no ticket expires before it is made. Challenges themselves
-- are signed texts that nobody stores.

create or replace function postern_internal.tickets_kept_since()
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select clock_timestamp() - interval '3 hours'
$$;
revoke execute on function postern_internal.tickets_kept_since() from public;
comment on function postern_internal.tickets_kept_since() is 'Tickets that expired before this moment are deleted, and the gates that they opened.';
