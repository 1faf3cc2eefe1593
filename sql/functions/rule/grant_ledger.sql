create or replace function postern.grant_ledger(
  company text,
  ledger_id text,
  userid text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  insert into postern_internal.ledger_user (userid, company, ledger_id)
  values (userid, company, ledger_id)
  on conflict do nothing;
end
$$;
revoke execute on function postern.grant_ledger(text, text, text) from public;
grant execute on function postern.grant_ledger(text, text, text) to postern_admin;
comment on function postern.grant_ledger(text, text, text) is
'Connects a user of a company to one of its internal ledgers. Granting twice is harmless. Ends when the user is no longer a user of the company. Errors: PS201 no such company, no user of it, PS301 no such ledger.';
