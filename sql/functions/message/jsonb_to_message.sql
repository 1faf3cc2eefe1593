create or replace function postern.jsonb_to_message(name text, object jsonb)
returns text
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  message text;
begin
  if object is null or jsonb_typeof(object) <> 'object' then
    raise exception using
      errcode = 'PS107',
      message = 'invalid content for an IFS Message: not a jsonb object',
      detail = format('content: %s', coalesce('a jsonb ' || jsonb_typeof(object), 'null')),
      hint = 'Pass a jsonb object whose members are the attributes, for example {"DOC_NO": "100-7"}.';
  end if;

  message := postern_internal.object_to_message(name, object, 1);
  if octet_length(message) > 67108864 then
    perform postern_internal.reject_message(message);
  end if;

  return message;
end
$$;

revoke execute on function postern.jsonb_to_message(text, jsonb) from public;
grant execute on function postern.jsonb_to_message(text, jsonb) to postern_user, postern_admin;
comment on function postern.jsonb_to_message(text, jsonb) is
  'IFS Message of this name with the members of a jsonb object as attributes, in jsonb''s order. Strings and numbers become text, booleans TRUE and FALSE, null an empty value, an object a nested message named after its key. At most 64 MiB and 16 levels. PS107 for null, an array, and a key that is not a valid name.';
