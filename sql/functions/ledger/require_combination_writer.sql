create or replace function postern_internal.require_combination_writer(company text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Who loads data as an administrator has no end user to ask for.
  if not pg_has_role(session_user, 'postern_admin', 'usage') then
    perform postern.require_company_user(company, postern.current_userid());
  end if;
end
$$;
revoke execute on function postern_internal.require_combination_writer(text) from public;
comment on function postern_internal.require_combination_writer(text) is 'Errors: PS201 the current user is no user of the company, PS401, PS402; none of them for postern_admin.';
