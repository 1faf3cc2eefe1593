create or replace function postern.set_user_authority_class(
  company text,
  userid text,
  class text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  new_class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  if class is not null then
    new_class_id := postern_internal.require_class(company, null, class);
  end if;
  update postern_internal.company_user as u
     set class_id = new_class_id
   where u.company = set_user_authority_class.company and u.userid = set_user_authority_class.userid;
end
$$;
revoke execute on function postern.set_user_authority_class(text, text, text) from public;
grant execute on function postern.set_user_authority_class(text, text, text) to postern_admin;
comment on function postern.set_user_authority_class(text, text, text) is
'Gives a user of a company an authority class there, in place of any other; NULL removes it. Ends when the user is no longer a user of the company. Errors: PS201 no such company, no user of it, PS301 no such class.';
