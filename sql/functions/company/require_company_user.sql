create or replace function postern.require_company_user(
  company text,
  userid text
)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not postern.is_company_user(company, userid) then
    raise exception using
      errcode = 'PS201',
      message = 'The user is not a user of the company',
      detail = format('userid is %s, company is %s.',
                      coalesce(to_jsonb(left(userid, 128))::text, 'NULL'), coalesce(to_jsonb(left(company, 128))::text, 'NULL')),
      hint = 'Work in one of the companies in postern.user_finance_auth_pub, or have an administrator call postern.grant_company(userid, company).';
  end if;
end
$$;
revoke execute on function postern.require_company_user(text, text) from public;
grant execute on function postern.require_company_user(text, text) to postern_user, postern_admin;
comment on function postern.require_company_user(text, text) is
'Errors: PS201 userid is not a user of company, or either is NULL or does not exist, or the current user may not know (see is_company_user); PS401, PS402.';
