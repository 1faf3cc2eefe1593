create or replace function postern.create_ledger_class(
  company text,
  ledger_id text,
  class text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  perform postern_internal.require_code(class, 'class');
  perform postern_internal.create_class(company, ledger_id, class, false);
end
$$;
revoke execute on function postern.create_ledger_class(text, text, text) from public;
grant execute on function postern.create_ledger_class(text, text, text) to postern_admin;
comment on function postern.create_ledger_class(text, text, text) is
'Adds an authority class to an internal ledger. It allows nothing until postern.add_ledger_combination adds a rule. class: 1 to 20 characters. Errors: PS201 no such company, PS301 no such ledger, class exists or is not usable.';
