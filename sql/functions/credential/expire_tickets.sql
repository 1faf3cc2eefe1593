-- What a credential has approved should not outlive it. The lock makes an attempt that is under way end first, so that
-- its ticket is among those that are found.

create or replace function postern_internal.expire_tickets(userid text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from postern_internal.credential as c where c.userid = expire_tickets.userid for update;
  update postern_internal.ticket as t
     set expires_at = clock_timestamp()
   where t.authenticated_by = expire_tickets.userid
     and t.expires_at > clock_timestamp();
end
$$;
revoke execute on function postern_internal.expire_tickets(text) from public;
comment on function postern_internal.expire_tickets(text) is
'Ends the tickets that the credential of userid has approved and that no transaction has used yet.';
