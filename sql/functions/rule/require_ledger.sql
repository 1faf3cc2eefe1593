create or replace function postern_internal.require_ledger(
  company text,
  ledger_id text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_company(company);
  if not exists (select from postern_internal.ledger as l
                  where l.company = require_ledger.company and l.ledger_id = require_ledger.ledger_id) then
    raise exception using
      errcode = 'PS301',
      message = 'There is no such internal ledger in the company',
      detail = format('company is %s, ledger_id is %s.', to_jsonb(company), coalesce(to_jsonb(left(ledger_id, 128))::text, 'NULL')),
      hint = 'Choose one of the ledgers in postern.ledger; postern.create_ledger adds one.';
  end if;
end
$$;
revoke execute on function postern_internal.require_ledger(text, text) from public;
comment on function postern_internal.require_ledger(text, text) is 'Errors: PS201 no such company, PS301 no such ledger in it.';
