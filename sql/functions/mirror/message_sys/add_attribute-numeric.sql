create or replace procedure message_sys.add_attribute(inout message text, name text, value numeric)
language sql
begin atomic
  select postern.add_message_attribute(message, name, value::text);
end;

revoke execute on procedure message_sys.add_attribute(text, text, numeric) from public;
grant execute on procedure message_sys.add_attribute(text, text, numeric) to postern_user, postern_admin;
comment on procedure message_sys.add_attribute(text, text, numeric) is
'Adds an attribute at the end of an IFS Message, with a number as its value. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';
