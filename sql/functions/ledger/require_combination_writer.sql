-- Without a SET clause, for the time that takes for each new combination. Called only by functions that pin their
-- search_path.

create or replace function postern_internal.require_combination_writer(company text)
returns void
language plpgsql
stable
as $$
begin
  -- Who loads data as an administrator has no end user to ask for.
  if not pg_has_role(session_user, 'postern_admin', 'usage')
     and not postern.is_company_user(company, postern.current_userid()) then
    perform postern.require_company_user(company, postern.current_userid());
  end if;
end
$$;
revoke execute on function postern_internal.require_combination_writer(text) from public;
comment on function postern_internal.require_combination_writer(text) is 'Errors: PS201 the current user is no user of the company, PS401, PS402; none of them for postern_admin.';
