create or replace procedure message_sys.remove_attribute(inout message text, name text)
language sql
begin atomic
  select postern.remove_message_attribute(message, name);
end;

revoke execute on procedure message_sys.remove_attribute(text, text) from public;
grant execute on procedure message_sys.remove_attribute(text, text) to postern_user, postern_admin;
comment on procedure message_sys.remove_attribute(text, text) is
'Removes an attribute from an IFS Message; does nothing if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';
