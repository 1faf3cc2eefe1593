create or replace function postern.remove_message_attribute(message text, name text)
returns text
language sql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
return coalesce(postern_internal.replace_message_attribute(message, name, ''), message);

revoke execute on function postern.remove_message_attribute(text, text) from public;
grant execute on function postern.remove_message_attribute(text, text) to postern_user, postern_admin;
comment on function postern.remove_message_attribute(text, text) is
'The IFS Message without this attribute; unchanged if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';
