-- A row lock that only administrators can take. Anybody could take an advisory lock and hold it as long as they like.

create or replace function postern.lock_configuration()
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select postern_internal.require_allowed_login('postern_admin');
  select postern_internal.lock_settings();
end;
revoke execute on function postern.lock_configuration() from public;
grant execute on function postern.lock_configuration() to postern_admin;
comment on function postern.lock_configuration() is
'Waits until no other transaction is in progress that has called this, or has changed settings or gates. Then keeps such transactions waiting until this one ends. Programs that read a configuration and then change what differs call it first.';
