create or replace procedure message_sys.set_attribute(inout message text, name text, value boolean)
language sql
begin atomic
  select postern.set_message_attribute(message, name, upper(value::text));
end;

revoke execute on procedure message_sys.set_attribute(text, text, boolean) from public;
grant execute on procedure message_sys.set_attribute(text, text, boolean) to postern_user, postern_admin;
comment on procedure message_sys.set_attribute(text, text, boolean) is
'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with TRUE or FALSE as its value. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';
