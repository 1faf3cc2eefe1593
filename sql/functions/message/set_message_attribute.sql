create or replace function postern.set_message_attribute(message text, name text, value text)
returns text
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  replaced text := postern_internal.replace_message_attribute(
    message, name, E'\n$' || name || '=' || replace(coalesce(value, '') collate "C", E'\n', E'\n-'));
begin
  if replaced is null then
    return postern.add_message_attribute(message, name, value);
  end if;

  if octet_length(replaced) > 67108864 then
    perform postern_internal.reject_message(replaced);
  end if;

  return replaced;
end
$$;

revoke execute on function postern.set_message_attribute(text, text, text) from public;
grant execute on function postern.set_message_attribute(text, text, text) to postern_user, postern_admin;
comment on function postern.set_message_attribute(text, text, text) is
'The IFS Message with the value of an attribute replaced in its place, or the attribute added at the end. A NULL value is written as an empty one. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';
