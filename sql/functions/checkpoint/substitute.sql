-- Puts the parameters into the message. One pass from left to right: the longest name wins, and a value is never
-- looked at again, so an & in it stays an &.

create or replace function postern_internal.substitute(
  message text,
  names text[],
  parameters jsonb
)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  substituted text;
begin
  if cardinality(names) = 0 or strpos(message, '&') = 0 then
    return message;
  end if;
  -- An alternation of PostgreSQL's regular expressions takes the longest of its branches. Names are letters,
  -- digits and underscores, so they need no quoting.
  select string_agg(case when part.matched[1] is null then part.matched[2]
                         else coalesce(parameters ->> part.matched[1], '') end, '' order by part.position)
    into substituted
    from regexp_matches(message, '&(' || array_to_string(names, '|') || ')|([^&]+|&)', 'g')
         with ordinality as part (matched, position);
  -- A message may name a long parameter a hundred times.
  if length(substituted) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = 'The message with its parameters is too long',
      detail = format('It has %s characters; 32768 are allowed.', length(substituted)),
      hint = 'Pass what identifies the business object, not the object itself: this text goes into the log.';
  end if;
  return substituted;
end
$$;
revoke execute on function postern_internal.substitute(text, text[], jsonb) from public;
comment on function postern_internal.substitute(text, text[], jsonb) is
'message with each &NAME replaced by the parameter of that name; a NULL value becomes nothing. Errors: PS107 the result has over 32768 characters.';
