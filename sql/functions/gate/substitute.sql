-- Puts all parameters into the message at once. A value is never scanned again, so an & in it stays an &. No SET
-- clause, because it is called in every pass, and only by functions that pin their search_path.

create or replace function postern_internal.substitute(
  message_template text,
  names text[],
  parameters jsonb
)
returns text
language plpgsql
immutable
parallel safe
as $$
declare
  name text;
  arguments text[] := array[]::text[];
  substituted text;
begin
  foreach name in array names loop
    arguments := arguments || (parameters ->> name);
  end loop;
  substituted := format(message_template, variadic arguments);
  -- A message may name a long parameter a hundred times.
  if length(substituted) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = 'The message with its parameters is too long',
      detail = format('It has %s characters; 32768 are allowed.', length(substituted)),
      hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
  end if;
  return substituted;
end
$$;
revoke execute on function postern_internal.substitute(text, text[], jsonb) from public;
comment on function postern_internal.substitute(text, text[], jsonb) is
'The message with each parameter in its place; a NULL value is left out. message_template: from message_template, with the same names. Errors: PS107 the result has over 32768 characters.';
