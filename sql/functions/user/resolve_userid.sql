-- For functions that take a user id. The exact id is tried first: it is nearly always the right one, and costs one
-- look-up. Queries that filter by user id should call this too, because views show ids in their original spelling.

create or replace function postern.resolve_userid(userid text)
returns text
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  known text;
begin
  if exists (select from postern_internal.end_user as e where e.userid = resolve_userid.userid) then
    return userid;
  end if;
  select e.userid into known from postern_internal.end_user as e where e.folded = postern_internal.fold_userid(resolve_userid.userid);
  return coalesce(known, userid);
end
$$;
revoke execute on function postern.resolve_userid(text) from public;
grant execute on function postern.resolve_userid(text) to postern_admin, postern_auditor;
comment on function postern.resolve_userid(text) is
'For functions with a userid: the user id, in its original spelling, of the user whom userid names; userid unchanged if there is none.';
