-- Without a SET clause, for the time that takes for each new combination. Called only by functions that pin their
-- search_path.

create or replace function postern_internal.require_combination_writer(company text)
returns void
language plpgsql
stable
as $$
declare
  current_user_id text;
begin
  -- Who loads data as an administrator has no end user to ask for.
  if pg_has_role(session_user, 'postern_admin', 'usage') then
    return;
  end if;
  current_user_id := postern.current_userid();
  perform from postern_internal.company_user as u where u.userid = current_user_id and u.company = require_combination_writer.company;
  if not found then
    perform postern.require_company_user(company, current_user_id);
  end if;
end
$$;
revoke execute on function postern_internal.require_combination_writer(text) from public;
comment on function postern_internal.require_combination_writer(text) is 'Errors: PS201 the current user is no user of the company, PS401, PS402; none of them for postern_admin.';
