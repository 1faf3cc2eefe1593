create or replace function postern.grant_company(
  userid text,
  company text,
  is_default boolean default false
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
  -- A user has one default: the row of the user is the lock under which it moves.
  perform from postern_internal.end_user as e where e.userid = grant_company.userid for no key update;
  if is_default then
    update postern_internal.company_user as u
       set is_default = false
     where u.userid = grant_company.userid and u.is_default and u.company <> grant_company.company;
  end if;
  insert into postern_internal.company_user as u (userid, company, is_default)
  values (userid, company, coalesce(is_default, false))
  on conflict on constraint company_user_pkey do update
     set is_default = excluded.is_default or u.is_default;
end
$$;
revoke execute on function postern.grant_company(text, text, boolean) from public;
grant execute on function postern.grant_company(text, text, boolean) to postern_admin;
comment on function postern.grant_company(text, text, boolean) is
'Makes somebody a user of a company. is_default: the company is the user''s default from now on, instead of another one; false leaves the default as it is. Granting twice is harmless. Errors: PS201 no such user, no such company.';
