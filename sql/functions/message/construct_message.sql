create or replace function postern.construct_message(name text)
returns text
language sql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
return '!' || postern_internal.check_message_name(name);

revoke execute on function postern.construct_message(text) from public;
grant execute on function postern.construct_message(text) to postern_user, postern_admin;
comment on function postern.construct_message(text) is
'A new IFS Message of this name, without attributes. Errors: PS107 name is NULL or not usable.';
