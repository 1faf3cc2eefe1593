create or replace function postern.set_user_description(
  userid text,
  description text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  perform postern_internal.require_text(description, 'description', 200);
  update postern_internal.end_user as e
     set description = set_user_description.description
   where e.userid = set_user_description.userid;
end
$$;
revoke execute on function postern.set_user_description(text, text) from public;
grant execute on function postern.set_user_description(text, text) to postern_admin;
comment on function postern.set_user_description(text, text) is
'Replaces the description of a user. description: for people, 1 to 200 characters. Errors: PS107 no such user, bad description.';
