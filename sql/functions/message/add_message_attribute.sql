create or replace function postern.add_message_attribute(message text, name text, value text)
returns text
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text collate "C" := message;
  attribute text collate "C" := E'\n$' || postern_internal.check_message_name(name) || '=';
begin
  if postern_internal.parse_message(rows) is null then
    perform postern_internal.reject_message(rows);
  end if;

  -- A line feed followed by $ occurs only where an attribute starts: inside a value a - stands between them.
  if strpos(rows, attribute) > 0 then
    raise exception using
      errcode = 'PS107',
      message = 'The IFS Message already has this attribute',
      detail = format('The attribute is %s.', name),
      hint = 'Replace its value with message_sys.set_attribute.';
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  rows := rows || attribute || replace(coalesce(value, '') collate "C", E'\n', E'\n-');
  if octet_length(rows) > 67108864 then
    perform postern_internal.reject_message(rows);
  end if;

  return rows;
end
$$;

revoke execute on function postern.add_message_attribute(text, text, text) from public;
grant execute on function postern.add_message_attribute(text, text, text) to postern_user, postern_admin;
comment on function postern.add_message_attribute(text, text, text) is
'The IFS Message with one more attribute at its end. A NULL value is written as an empty one; a value may be a message. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';
