create or replace function postern_internal.object_to_message(name text, object jsonb, level integer)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text[] := array['!' || postern_internal.check_message_name(name)];
  member record;
  value text collate "C";
begin
  if level > 16 then
    raise exception using
      errcode = 'PS107',
      message = 'The content of the IFS Message is nested too deeply',
      detail = format('The attribute %s contains an object at level 17.', name),
      hint = 'Nest messages at most 16 levels deep, including the outermost one.';
  end if;

  for member in select o.key, o.value, jsonb_typeof(o.value) as type from jsonb_each(object) as o loop
    case member.type
      when 'object' then
        value := postern_internal.object_to_message(member.key, member.value, level + 1);
      when 'array' then
        raise exception using
          errcode = 'PS107',
          message = 'An IFS Message cannot contain an array',
          detail = format('The attribute %s is an array.', left(member.key, 80)),
          hint = 'Use a string, a number, a boolean, null or an object. Write a list as one string, or as an object.';
      when 'boolean' then
        value := upper((member.value #>> '{}') collate "C");
      else
        value := coalesce(member.value #>> '{}', '');
    end case;
    rows := array_append(rows, '$' || postern_internal.check_message_name(member.key) || '=' || replace(value, E'\n', E'\n-'));
  end loop;

  return array_to_string(rows, E'\n');
end
$$;

revoke execute on function postern_internal.object_to_message(text, jsonb, integer) from public;
comment on function postern_internal.object_to_message(text, jsonb, integer) is
'The IFS Message of a jsonb object. level: counts from 1, the outermost message. Errors: PS107 an array, a key that is not usable as a name, more than 16 levels.';
