create or replace function message_sys.get_name(message text)
returns text
language sql
immutable
parallel safe
return postern.message_name(message);

revoke execute on function message_sys.get_name(text) from public;
grant execute on function message_sys.get_name(text) to postern_user, postern_admin;
comment on function message_sys.get_name(text) is
'The name in the header of an IFS Message. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';
