create or replace function postern.revoke_company(
  userid text,
  company text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid, 'PS201');
  perform postern_internal.require_company(company);
  delete from postern_internal.company_user as u
   where u.userid = revoke_company.userid and u.company = revoke_company.company;
end
$$;
revoke execute on function postern.revoke_company(text, text) from public;
grant execute on function postern.revoke_company(text, text) to postern_admin;
comment on function postern.revoke_company(text, text) is
'Ends a user''s membership of a company, for all statements that begin after the commit. Revoking what was not granted is harmless. Errors: PS201 no such user, no such company.';
