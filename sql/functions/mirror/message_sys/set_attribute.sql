create or replace procedure message_sys.set_attribute(inout message text, name text, value text)
language sql
begin atomic
  select postern.set_message_attribute(message, name, value);
end;

revoke execute on procedure message_sys.set_attribute(text, text, text) from public;
grant execute on procedure message_sys.set_attribute(text, text, text) to postern_user, postern_admin;
comment on procedure message_sys.set_attribute(text, text, text) is
'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end. A NULL value is written as an empty one, and a value may be a message. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';
