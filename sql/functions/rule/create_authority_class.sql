create or replace function postern.create_authority_class(
  company text,
  class text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_code(class, 'class');
  perform postern_internal.create_class(company, null, class, false);
end
$$;
revoke execute on function postern.create_authority_class(text, text) from public;
grant execute on function postern.create_authority_class(text, text) to postern_admin;
comment on function postern.create_authority_class(text, text) is
'Adds an authority class to a company. It allows nothing until postern.add_authority_combination adds a rule. class: 1 to 20 characters. Errors: PS201 no such company, PS301 class exists or is not usable.';
