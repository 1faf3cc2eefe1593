-- The only parser of IFS Messages. It returns NULL for a malformed message, because whether a value is itself a message
-- is a question instead of an error. An exception block would cost a subtransaction, which parallel workers cannot
-- have. A caller that needs an error calls reject_message.
--
-- The grammar is one regular expression, which PostgreSQL runs as an automaton in linear time. Everything is compared
-- under collation "C", whatever the collation of the argument.
create or replace function postern_internal.parse_message(message text)
returns text[]
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text collate "C" := message;
  chunk text collate "C";
  chunks text[] collate "C";
  equals integer;
  pairs text[] collate "C" := '{}'::text[];
  size integer := 0;
begin
  -- 64 MiB keeps every intermediate value below the 1 GiB that PostgreSQL can hold.
  if octet_length(rows) > 67108864 then
    return null;
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  rows := E'\n' || rows;

  if rows ~ E'^(?:\n [^\n]*)*\n![^\n\r=]+(?:\n[ +][^\n]*)*(?:\n\\$[^\n\r=]+=[^\n]*(?:\n[-+ ][^\n]*)*)*$' then
    if strpos(rows, E'\n ') > 0 or strpos(rows, E'\n+') > 0 then
      rows := regexp_replace(rows, E'(?:\n[ +][^\n]*)+', '', 'g');
    end if;
  else
    return null;
  end if;

  -- Every line feed now starts a $ row or a - row, so an attribute ends where the next one starts.
  chunks := string_to_array(rows, E'\n$');
  if length(chunks[1]) > 130 then
    return null;
  end if;

  foreach chunk in array chunks[2:] loop
    equals := strpos(chunk, '=');
    if equals > 129 then
      return null;
    end if;
    pairs[size + 1] := left(chunk, equals - 1);
    pairs[size + 2] := replace(substr(chunk, equals + 1), E'\n-', E'\n');
    size := size + 2;
  end loop;

  -- An object holds each name once. If it has fewer members than there are pairs, a name occurs twice.
  if jsonb_array_length(jsonb_path_query_array(jsonb_object(pairs), '$.*')) * 2 <> size then
    return null;
  end if;

  return pairs;
end
$$;

revoke execute on function postern_internal.parse_message(text) from public;
comment on function postern_internal.parse_message(text) is
'The attributes of an IFS Message in their order, as name, value, name, value, ...; NULL for NULL and for a message that is not valid.';
