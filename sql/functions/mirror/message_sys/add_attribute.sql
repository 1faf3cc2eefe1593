create or replace procedure message_sys.add_attribute(inout message text, name text, value text)
language sql
begin atomic
  select postern.add_message_attribute(message, name, value);
end;

revoke execute on procedure message_sys.add_attribute(text, text, text) from public;
grant execute on procedure message_sys.add_attribute(text, text, text) to postern_user, postern_admin;
comment on procedure message_sys.add_attribute(text, text, text) is
'Adds an attribute at the end of an IFS Message. A NULL value is written as an empty one, and a value may be a message. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';
