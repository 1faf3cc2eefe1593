create or replace function postern.create_ledger(
  company text,
  ledger_id text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_code(ledger_id, 'ledger_id');
  insert into postern_internal.ledger (company, ledger_id) values (company, ledger_id) on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS301',
      message = 'The internal ledger already exists',
      detail = format('company is %s, ledger_id is %s.', to_jsonb(company), to_jsonb(ledger_id)),
      hint = 'Choose an id that is not in postern.ledger.';
  end if;
  perform postern_internal.create_class(company, ledger_id, 'MAX', true);
end
$$;
revoke execute on function postern.create_ledger(text, text) from public;
grant execute on function postern.create_ledger(text, text) to postern_admin;
comment on function postern.create_ledger(text, text) is
'Adds an internal ledger to a company. ledger_id: 1 to 20 characters. Errors: PS201 no such company, PS301 ledger exists or is not usable.';
