create or replace function postern_internal.check_message_name(name text)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if name is null or not postern_internal.is_message_name(name) then
    raise exception using
      errcode = 'PS107',
      message = 'The name in the IFS Message is not usable',
      detail = case when name is null then 'name is NULL.'
                    else format('name is %s', replace(replace(left(name, 80), E'\r', E'\\r'), E'\n', E'\\n')) end,
      hint = 'Name a message or an attribute with 1 to 128 characters, without line feed, carriage return and "=".';
  end if;

  return name;
end
$$;

revoke execute on function postern_internal.check_message_name(text) from public;
comment on function postern_internal.check_message_name(text) is
'Returns the name of a message or an attribute unchanged. Errors: PS107 it is NULL or not usable.';
