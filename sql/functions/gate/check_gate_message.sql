create or replace function postern_internal.check_gate_message(
  message text,
  names text[]
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  undeclared text;
  cut text;
  redundant text;
begin
  perform postern_internal.require_text(message, 'message', 2000);

  -- A reference is the longest declared name with which the text after & begins.
  select string_agg(reference.word, ', ') filter (where not reference.declared),
         string_agg(reference.word, ', ') filter (where reference.declared and reference.word <> all (names))
    into undeclared, cut
    from (select distinct r.word[1] as word,
                 exists (select from unnest(names) as name where starts_with(r.word[1], name)) as declared
            from regexp_matches(message, '&([A-Za-z_][A-Za-z0-9_]*)', 'g') as r (word)) as reference;
  if undeclared is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The message names parameters that are not declared',
      detail = format('Not declared: %s. Declared: %s.', undeclared, coalesce(nullif(array_to_string(names, ', '), ''), 'none')),
      hint = 'Declare them, or take them out of the message. Upper and lower case differ.';
  end if;
  if cut is not null then
    raise warning using
      message = format('The message names %s, which only begins with a declared parameter', cut),
      detail = 'The longest declared name is replaced, and the rest stays as text.',
      hint = 'Put a space after the parameter, or declare the longer name.';
  end if;

  redundant := postern.redundant_words(message);
  if redundant is not null then
    raise warning using
      message = 'The message repeats what every log entry contains',
      detail = format('It has: %s.', redundant),
      hint = 'Say what happened and to which business object. Each log entry already has the user and the time, and is about a checkpoint.';
  end if;
end
$$;
revoke execute on function postern_internal.check_gate_message(text, text[]) from public;
comment on function postern_internal.check_gate_message(text, text[]) is
'Raises PS107 if the message is missing, has over 2000 characters, or names a parameter that is not in names. Warns if it repeats what each log entry contains anyway.';
