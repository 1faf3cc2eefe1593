-- Parses a message once, when the gate is registered, into a format string whose arguments are the gate's parameters in
-- their order. It reads from left to right; the longest declared name wins.

create or replace function postern_internal.message_template(
  message text,
  names text[]
)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(names) = 0 then
    return replace(message, '%', '%%');
  end if;
  -- An alternation in PostgreSQL's regular expressions matches its longest branch. Names consist of letters, digits and
  -- underscores, so they need no quoting.
  return (
    select coalesce(string_agg(case when part.matched[1] is null then replace(part.matched[2], '%', '%%')
                           else '%' || array_position(names, part.matched[1]) || '$s' end, '' order by part.position), '')
      from regexp_matches(message, '&(' || array_to_string(names, '|') || ')|([^&]+|&)', 'g')
           with ordinality as part (matched, position));
end
$$;
revoke execute on function postern_internal.message_template(text, text[]) from public;
comment on function postern_internal.message_template(text, text[]) is
'message as a format string: %1$s for each &NAME of the first name, and so on.';
