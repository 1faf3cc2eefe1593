create or replace function postern.create_company(
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
  perform postern_internal.require_text(company, 'company', 36);
  perform postern_internal.require_text(name, 'name', 200);
  -- The type name holds 63 bytes, see ledger_companies.
  if company ~ '[[:cntrl:]]' or company <> btrim(company) or octet_length(company) > 63 then
    raise exception using
      errcode = 'PS107',
      message = 'The company is not usable',
      detail = format('company is %s.', to_jsonb(company)),
      hint = 'Use at most 63 bytes, without control characters and without a space at either end.';
  end if;
  insert into postern_internal.company (company, name) values (company, name) on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The company already exists',
      detail = format('company is %s.', to_jsonb(company)),
      hint = 'Choose an id that is not in postern.company.';
  end if;
  perform postern_internal.create_class(company, null, 'MAX', true);
end
$$;
revoke execute on function postern.create_company(text, text) from public;
grant execute on function postern.create_company(text, text) to postern_admin;
comment on function postern.create_company(text, text) is
'Adds a financial company, with the authority class MAX. company: 1 to 36 characters, as many as a uuid has. name: 1 to 200 characters. Errors: PS107 bad argument, company exists.';
