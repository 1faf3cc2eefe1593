-- What a credential has approved should not outlive it, nor what was approved in a session outlive its user. An attempt that
-- is under way has written the row of either, and so ends first: its ticket is among those that are found, or the caller's
-- snapshot is older (REPEATABLE READ), and the UPDATE fails. Written here and not only locked, so that a later attempt in a
-- transaction whose snapshot is older fails as well, instead of finding the user as active as ever.

create or replace function postern_internal.expire_tickets(userid text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update postern_internal.credential as c set first_filler = gen_random_uuid() where c.userid = expire_tickets.userid;
  update postern_internal.ticket as t
     set expires_at = clock_timestamp()
   where expire_tickets.userid in (t.userid, t.authenticated_by)
     and t.expires_at > clock_timestamp();
end
$$;
revoke execute on function postern_internal.expire_tickets(text) from public;
comment on function postern_internal.expire_tickets(text) is
'Ends the tickets that userid has approved, or somebody else in a session of userid, and that no transaction has used yet.';
