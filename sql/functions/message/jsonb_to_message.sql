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
      message = 'The content of an IFS Message must be a jsonb object',
      detail = format('object is %s.', coalesce('of type ' || jsonb_typeof(object), 'NULL')),
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
'An IFS Message of this name, with the members of a jsonb object as attributes, in jsonb''s order. Strings and numbers become text, booleans TRUE and FALSE, null becomes an empty value, an object a nested message named after its key. At most 64 MiB and 16 levels. Errors: PS107 object is NULL or not an object, contains an array or a key that is not usable as a name, or is too large.';
