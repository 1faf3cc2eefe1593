create or replace function postern_internal.require_company(company text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from postern_internal.company as c where c.company = require_company.company) then
    raise exception using
      errcode = 'PS201',
      message = 'There is no such company',
      detail = format('company is %s.', coalesce(to_jsonb(left(company, 128))::text, 'NULL')),
      hint = 'Choose one of the companies in postern.company; postern.create_company adds one.';
  end if;
end
$$;
revoke execute on function postern_internal.require_company(text) from public;
comment on function postern_internal.require_company(text) is 'Errors: PS201 no such company.';
