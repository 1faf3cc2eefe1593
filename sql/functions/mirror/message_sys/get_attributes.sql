create or replace function message_sys.get_attributes(message text)
returns table ("position" integer, name text, value text)
language sql
immutable
parallel safe
begin atomic
  select a.position, a.name, a.value
    from postern.message_attributes(message) as a
   order by a.position;
end;

revoke execute on function message_sys.get_attributes(text) from public;
grant execute on function message_sys.get_attributes(text) to postern_user, postern_admin;
comment on function message_sys.get_attributes(text) is
'The attributes of an IFS Message in their order, position from 1; a nested message is a value like any other. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';
