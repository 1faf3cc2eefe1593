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
      hint = 'See postern.allowed_login for those that are. Superusers need no entry, and lose nothing by having none.';
  end if;
end
$$;
revoke execute on function postern.disallow_login(name) from public;
grant execute on function postern.disallow_login(name) to postern_admin;
comment on function postern.disallow_login(name) is
'Takes back what allow_login gave, for all statements that begin after the commit. A transaction that has asserted a user goes on with that user. db_role: also one that is no role any more. Errors: PS107 it is not allowed, 42501 the caller''s login is not.';
