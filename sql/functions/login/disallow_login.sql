create or replace function postern.disallow_login(db_role name)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  delete from postern_internal.allowed_login as a where a.db_role = disallow_login.db_role;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'This login is not allowed',
      detail = format('db_role is %s.', coalesce(quote_ident(db_role), 'NULL')),
      hint = 'Choose one of the logins in postern.allowed_login. Superusers need no entry, so they cannot be disallowed.';
  end if;
end
$$;
revoke execute on function postern.disallow_login(name) from public;
grant execute on function postern.disallow_login(name) to postern_admin;
comment on function postern.disallow_login(name) is
'Undoes allow_login, for all statements that begin after the commit. A transaction that has already asserted a user continues as that user. db_role: may also be a role that no longer exists. Errors: PS107 it is not allowed, 42501 the caller''s login is not.';
