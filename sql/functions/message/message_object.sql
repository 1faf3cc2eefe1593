-- Decodes parsed attributes, and the messages nested in them, level by level.
create or replace function postern_internal.message_object(pairs text[], level integer)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  header text collate "C";
  value text collate "C";
  inner_pairs text[];
  names text[] := '{}'::text[];
  objects jsonb[] := '{}'::jsonb[];
begin
  for i in 1 .. cardinality(pairs) by 2 loop
    value := pairs[i + 1];
    continue when left(value, 1) <> '!' or value = '';
    header := '!' || pairs[i];
    continue when value <> header and not starts_with(value, header || E'\n');
    inner_pairs := postern_internal.parse_message(value);
    continue when inner_pairs is null;

    if level >= 16 then
      raise exception using
        errcode = 'PS107',
        message = 'The IFS Message is nested too deeply',
        detail = format('The attribute %s contains a message at level 17.', pairs[i]),
        hint = 'Nest messages at most 16 levels deep, including the outermost one.';
    end if;
    names := array_append(names, pairs[i]);
    objects := array_append(objects, postern_internal.message_object(inner_pairs, level + 1));
  end loop;

  if names = '{}' then
    return jsonb_object(pairs);
  end if;

  return jsonb_object(pairs) || (select jsonb_object_agg(n.name, n.object) from unnest(names, objects) as n (name, object));
end
$$;

revoke execute on function postern_internal.message_object(text[], integer) from public;
comment on function postern_internal.message_object(text[], integer) is
'The jsonb object of parsed attributes. level: counts from 1, the outermost message. Errors: PS107 beyond 16 levels.';
