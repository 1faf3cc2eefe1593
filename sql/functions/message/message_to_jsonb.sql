-- Every checkpoint that is reached through a message comes here, so a message without a nested one takes a short cut.
create or replace function postern.message_to_jsonb(message text)
returns jsonb
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

  -- A nested message starts with its header, and a value starts after the "=".
  if strpos(message collate "C", '=!') = 0 then
    return jsonb_object(pairs);
  end if;

  return postern_internal.message_object(pairs, 1);
end
$$;

revoke execute on function postern.message_to_jsonb(text) from public;
grant execute on function postern.message_to_jsonb(text) to postern_user, postern_admin;
comment on function postern.message_to_jsonb(text) is
'An IFS Message as a jsonb object of its attributes. A value that is itself a well-formed message, with the attribute''s name in its header, becomes a nested object; any other value is a string. At most 64 MiB and 16 levels. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';
