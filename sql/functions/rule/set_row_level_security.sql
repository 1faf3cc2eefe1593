create or replace function postern.set_row_level_security(
  company text,
  enabled boolean
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  if enabled is null then
    raise exception using
      errcode = 'PS301',
      message = 'enabled is missing',
      detail = 'enabled is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.company as c set row_level_security = enabled where c.company = set_row_level_security.company;
end
$$;
revoke execute on function postern.set_row_level_security(text, boolean) from public;
grant execute on function postern.set_row_level_security(text, boolean) to postern_admin;
comment on function postern.set_row_level_security(text, boolean) is
'Sets whether authority classes decide what users of a company see. If they do, a user without a class sees no posting combination of the company. If not, its users see all of them, and all of the internal ledgers to which they are connected. Off in a new company. Errors: PS201 no such company, PS301 enabled is NULL.';
