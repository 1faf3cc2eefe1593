create or replace function message_sys.construct(name text)
returns text
language sql
immutable
parallel safe
return postern.construct_message(name);

revoke execute on function message_sys.construct(text) from public;
grant execute on function message_sys.construct(text) to postern_user, postern_admin;
comment on function message_sys.construct(text) is
'A new IFS Message of this name, without attributes. Errors: PS107 name is NULL or not usable.';
