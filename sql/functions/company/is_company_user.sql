create or replace function postern.is_company_user(
  company text,
  userid text
)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select
                   from postern_internal.company_user as u
                  where u.userid = is_company_user.userid
                    and u.company = is_company_user.company);
end
$$;
revoke execute on function postern.is_company_user(text, text) from public;
grant execute on function postern.is_company_user(text, text) to postern_user, postern_admin;
comment on function postern.is_company_user(text, text) is
'Whether userid is a user of company. False where either is NULL or does not exist.';
