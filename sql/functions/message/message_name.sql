create or replace function postern.message_name(message text)
returns text
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if postern_internal.parse_message(message) is null then
    perform postern_internal.reject_message(message);
  end if;

  return substring(message collate "C" from E'^(?: [^\n]*\n)*!([^\n]+)');
end
$$;

revoke execute on function postern.message_name(text) from public;
grant execute on function postern.message_name(text) to postern_user, postern_admin;
comment on function postern.message_name(text) is
'The name in the header of an IFS Message. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';
