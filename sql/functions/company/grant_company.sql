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
  -- A user has one default company; the lock on the user's row keeps two changes of it apart.
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
'Makes a user a user of a company. is_default: true makes it the user''s default company instead of any other; false leaves the default unchanged. Granting twice is harmless. Errors: PS201 no such user, no such company.';
