create or replace function postern.remove_passkey(
  userid text,
  passkey_id bytea
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  perform postern_internal.expire_tickets(userid);
  delete from postern_internal.passkey as p where p.userid = remove_passkey.userid and p.passkey_id = remove_passkey.passkey_id;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such passkey',
      detail = format('userid is %s.', to_jsonb(userid)),
      hint = 'Choose one of the user''s passkeys in postern.passkey.';
  end if;
end
$$;
revoke execute on function postern.remove_passkey(text, bytea) from public;
grant execute on function postern.remove_passkey(text, bytea) to postern_admin;
comment on function postern.remove_passkey(text, bytea) is
'Removes a passkey of a user, who has lost it. Ends the unused tickets that the user has approved, and those that somebody else approved in a session of the user. Who has no passkey left can enrol a new one with the PIN. Errors: PS107 no such user or passkey.';
