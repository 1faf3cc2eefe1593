create or replace procedure message_sys.add_attribute(inout message text, name text, value boolean)
language sql
begin atomic
  select postern.add_message_attribute(message, name, upper(value::text));
end;

revoke execute on procedure message_sys.add_attribute(text, text, boolean) from public;
grant execute on procedure message_sys.add_attribute(text, text, boolean) to postern_user, postern_admin;
comment on procedure message_sys.add_attribute(text, text, boolean) is
'Adds an attribute at the end of an IFS Message, with TRUE or FALSE as its value. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';
