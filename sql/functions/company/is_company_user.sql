-- Who works in a company may be known only to administrators, auditors and the users of that company. Nobody else
-- learns it, neither from the answer nor from time or an error: the row is looked up only for those who may know.

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
declare
  asking text;
begin
  if not (pg_has_role(session_user, 'postern_admin', 'usage') or pg_has_role(session_user, 'postern_auditor', 'usage')) then
    asking := postern.current_userid();
    if userid is distinct from asking
       and not exists (select from postern_internal.company_user as u where u.userid = asking and u.company = is_company_user.company) then
      return false;
    end if;
  end if;
  if exists (select
               from postern_internal.company_user as u
              where u.userid = is_company_user.userid
                and u.company = is_company_user.company) then
    return true;
  end if;
  return exists (select
                   from postern_internal.company_user as u
                  where u.userid = postern.resolve_userid(is_company_user.userid)
                    and u.company = is_company_user.company);
end
$$;
revoke execute on function postern.is_company_user(text, text) from public;
grant execute on function postern.is_company_user(text, text) to postern_user, postern_admin;
comment on function postern.is_company_user(text, text) is
'Whether userid is a user of company. False if either is NULL or does not exist, and if the current user asks about somebody else in a company of which they are not a user themselves. A login in postern_admin or postern_auditor may ask about anybody, without an end user. Errors: PS401, PS402.';
