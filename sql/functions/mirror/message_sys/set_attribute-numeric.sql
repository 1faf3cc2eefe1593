create or replace procedure message_sys.set_attribute(inout message text, name text, value numeric)
language sql
begin atomic
  select postern.set_message_attribute(message, name, value::text);
end;

revoke execute on procedure message_sys.set_attribute(text, text, numeric) from public;
grant execute on procedure message_sys.set_attribute(text, text, numeric) to postern_user, postern_admin;
comment on procedure message_sys.set_attribute(text, text, numeric) is
'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with a number as its value. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';
