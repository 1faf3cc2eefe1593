create or replace function message_sys.find_attribute(message text, name text, default_value text)
returns text
language sql
immutable
parallel safe
return coalesce(postern.find_message_attribute(message, name), default_value);

revoke execute on function message_sys.find_attribute(text, text, text) from public;
grant execute on function message_sys.find_attribute(text, text, text) to postern_user, postern_admin;
comment on function message_sys.find_attribute(text, text, text) is
'The value of an attribute of an IFS Message, possibly empty; default_value if there is no such attribute. Errors: PS107 the message or the name is NULL or not valid.';
