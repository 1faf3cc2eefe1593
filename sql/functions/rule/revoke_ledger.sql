create or replace function postern.revoke_ledger(
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
  perform postern_internal.require_user(userid, 'PS201');
  delete from postern_internal.ledger_user as u
   where u.company = revoke_ledger.company and u.ledger_id = revoke_ledger.ledger_id and u.userid = revoke_ledger.userid;
end
$$;
revoke execute on function postern.revoke_ledger(text, text, text) from public;
grant execute on function postern.revoke_ledger(text, text, text) to postern_admin;
comment on function postern.revoke_ledger(text, text, text) is
'Disconnects a user from an internal ledger, and removes the user''s class there. Revoking what was not granted is harmless. Errors: PS201 no such company, no such user, PS301 no such ledger.';
