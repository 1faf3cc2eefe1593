-- Asked right before each call: the grant may have been taken back. Its owner could exchange the function between this
-- answer and the call, and it would then have the rights of the session. So a session with more rights than a worker
-- needs calls only what belongs to somebody who has as many.

create or replace function postern.event_function_call(name text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  callee regprocedure := postern_internal.event_function(name);
  is_powerful boolean := pg_has_role(session_user, 'postern_owner', 'member') or pg_has_role(session_user, 'postern_admin', 'member')
                         or (select r.rolcreaterole from pg_roles as r where r.rolname = session_user);
  statement text;
begin
  select format('select %I.%I($1::jsonb)', n.nspname, p.proname) into statement
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
   where p.oid = callee
     and (not is_powerful or pg_has_role(p.proowner, 'postern_owner', 'member'));
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'Events may not call this function',
      detail = format('name is %s, the session is %s''s.', coalesce(to_jsonb(left(name, 300))::text, 'NULL'), session_user),
      hint = case when callee is null
                  then 'It has to be (event jsonb) returns void, SECURITY DEFINER, with search_path set, and granted by its owner to postern_event_worker itself.'
                  else 'Deliver events as a role that is a member of postern_event_worker and of nothing else: a function could take more rights over.' end;
  end if;
  return statement;
end
$$;
revoke execute on function postern.event_function_call(text) from public;
grant execute on function postern.event_function_call(text) to postern_event_worker;
comment on function postern.event_function_call(text) is
'The statement that calls a function that events may call, with the event as $1. For the worker. Errors: PS107 events may not call it, or not in a session with these rights.';
