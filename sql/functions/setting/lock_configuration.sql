-- A row that administrators alone can lock, and no advisory lock: that, anybody could hold for as long as it pleases.

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
'For who reads a configuration and then changes what differs: waits until no other transaction that has called this, or has changed settings or gates, is under way, and keeps others waiting until this one ends.';
