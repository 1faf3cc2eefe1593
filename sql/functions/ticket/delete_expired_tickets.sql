-- postern.authenticate deletes nothing, so that a person who types a PIN never pays for what others have left behind.

create or replace function postern_internal.delete_expired_tickets(maximum integer)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  -- Evaluated once instead of for each row: a volatile condition cannot use an index.
  oldest constant timestamptz := postern_internal.tickets_kept_since();
  nonces text[];
begin
  with expired as (
    delete from postern_internal.ticket as t
     where t.ctid = any (array(
             select o.ctid
               from postern_internal.ticket as o
              where o.expires_at < oldest
              order by o.expires_at
              limit maximum
                for update skip locked))
    returning t.nonce
  )
  select array_agg(e.nonce) into nonces from expired as e;
  -- A gate that is skipped here is being deleted by whoever deletes another ticket of its challenge.
  delete from postern_internal.open_gate as g
   where g.ctid = any (array(
           select o.ctid from postern_internal.open_gate as o where o.nonce = any (nonces) for update skip locked));
  return coalesce(cardinality(nonces), 0)::bigint;
end
$$;
revoke execute on function postern_internal.delete_expired_tickets(integer) from public;
comment on function postern_internal.delete_expired_tickets(integer) is
'Deletes tickets that expired before tickets_kept_since, at most maximum of them, the oldest first, and the gates that they opened. Waits for nobody. Returns how many tickets were deleted.';
