create or replace function postern.is_current_company_user(company text)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return exists (select
                   from postern_internal.company_user as u
                  where u.userid = current_user_id
                    and u.company = is_current_company_user.company);
end
$$;
revoke execute on function postern.is_current_company_user(text) from public;
grant execute on function postern.is_current_company_user(text) to postern_user, postern_admin;
comment on function postern.is_current_company_user(text) is
'Whether the current user is a user of company. False if company is NULL or does not exist. Errors: PS401, PS402.';
