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
      message = 'invalid name in an IFS Message',
      detail = case when name is null then 'The name is null.'
                    else format('name: %s', replace(replace(left(name, 80), E'\r', E'\\r'), E'\n', E'\\n')) end,
      hint = 'A message or attribute name has 1 to 128 characters and holds no line feed, carriage return or "=".';
  end if;

  return name;
end
$$;

revoke execute on function postern_internal.check_message_name(text) from public;
comment on function postern_internal.check_message_name(text) is
  'Returns the name of a message or an attribute unchanged; PS107 if it is not valid.';
