create or replace function postern.set_company_name(
  company text,
  name text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_text(name, 'name', 200);
  update postern_internal.company as c
     set name = set_company_name.name
   where c.company = set_company_name.company;
end
$$;
revoke execute on function postern.set_company_name(text, text) from public;
grant execute on function postern.set_company_name(text, text) to postern_admin;
comment on function postern.set_company_name(text, text) is
'Renames a company; its id stays. name: 1 to 200 characters. Errors: PS201 no such company, PS107 bad name.';
