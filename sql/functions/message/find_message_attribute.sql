create or replace function postern.find_message_attribute(message text, name text)
returns text
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  pairs text[] := postern_internal.parse_message(message);
begin
  if pairs is null then
    perform postern_internal.reject_message(message);
  end if;

  return jsonb_object(pairs) ->> postern_internal.check_message_name(name);
end
$$;

revoke execute on function postern.find_message_attribute(text, text) from public;
grant execute on function postern.find_message_attribute(text, text) to postern_user, postern_admin;
comment on function postern.find_message_attribute(text, text) is
'The value of an attribute of an IFS Message, possibly empty; NULL if there is no such attribute. Names are case-sensitive. Errors: PS107 the message or the name is NULL or not valid.';
