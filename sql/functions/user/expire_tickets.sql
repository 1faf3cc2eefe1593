-- An approval must not outlive the credential that gave it, nor the user in whose session it was given. An attempt in
-- progress has written the row of one of them, so it finishes first: this then finds its ticket, or fails if the
-- caller's snapshot is older (REPEATABLE READ). The row is written here instead of only locked. So a later attempt
-- whose snapshot is older fails too, instead of finding the user still active.

create or replace function postern_internal.expire_tickets(userid text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  ends_at timestamptz;
begin
  update postern_internal.credential as c set first_filler = gen_random_uuid() where c.userid = expire_tickets.userid;
  -- Evaluated once, so that the index finds the few tickets that have not expired. And only now: that attempt may have
  -- taken long, and tickets_kept_since relies on no ticket expiring before it is made.
  ends_at := clock_timestamp();
  update postern_internal.ticket as t
     set expires_at = ends_at
   where expire_tickets.userid in (t.userid, t.authenticated_by)
     and t.expires_at > ends_at;
end
$$;
revoke execute on function postern_internal.expire_tickets(text) from public;
comment on function postern_internal.expire_tickets(text) is
'Ends the unused tickets that userid has approved, and those that somebody else approved in a session of userid.';
