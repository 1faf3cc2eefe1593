-- Setting and removing an attribute cut the same text; only the replacement differs. Comments and reserved rows stay,
-- even between the rows of the removed value.
create or replace function postern_internal.replace_message_attribute(message text, name text, replacement text)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text collate "C" := message;
  attribute text collate "C" := E'\n$' || postern_internal.check_message_name(name) || '=';
  start integer;
  tail text collate "C";
  length_of_tail integer;
  old text collate "C";
begin
  if postern_internal.parse_message(rows) is null then
    perform postern_internal.reject_message(rows);
  end if;

  start := strpos(rows, attribute);
  if start = 0 then
    return null;
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  tail := substr(rows, start + length(attribute));
  length_of_tail := strpos(tail, E'\n$') - 1;
  old := case when length_of_tail >= 0 then left(tail, length_of_tail) else tail end;

  return left(rows, start - 1)
      || replacement
      || case when strpos(old, E'\n') > 0 then regexp_replace(substr(old, strpos(old, E'\n')), E'(?:\n-[^\n]*)+', '', 'g') else '' end
      || case when length_of_tail >= 0 then substr(tail, length_of_tail + 1) else '' end;
end
$$;

revoke execute on function postern_internal.replace_message_attribute(text, text, text) from public;
comment on function postern_internal.replace_message_attribute(text, text, text) is
'The IFS Message with the rows of one attribute replaced by a text; NULL if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';
