create or replace function postern.set_user_ledger_class(
  company text,
  ledger_id text,
  userid text,
  class text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  new_class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  if class is not null then
    new_class_id := postern_internal.require_class(company, ledger_id, class);
  end if;
  update postern_internal.ledger_user as u
     set class_id = new_class_id
   where u.company = set_user_ledger_class.company
     and u.ledger_id = set_user_ledger_class.ledger_id
     and u.userid = set_user_ledger_class.userid;
  if not found then
    raise exception using
      errcode = 'PS301',
      message = 'The user is not connected to the internal ledger',
      detail = format('userid is %s, company is %s, ledger_id is %s.', to_jsonb(userid), to_jsonb(company), to_jsonb(ledger_id)),
      hint = format('Connect the user first: select postern.grant_ledger(%L, %L, %L);', company, ledger_id, userid);
  end if;
end
$$;
revoke execute on function postern.set_user_ledger_class(text, text, text, text) from public;
grant execute on function postern.set_user_ledger_class(text, text, text, text) to postern_admin;
comment on function postern.set_user_ledger_class(text, text, text, text) is
'Limits what a user sees in an internal ledger to what one of its classes allows; NULL removes the class, and the user sees all of the ledger. Errors: PS201 no such company, no user of it, PS301 no such ledger or class, user not connected.';
