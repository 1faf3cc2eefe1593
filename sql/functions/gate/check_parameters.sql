-- No SET clause, because it is called in every pass, and only by functions that pin their search_path.

create or replace function postern_internal.check_parameters(
  gate_id text,
  names text[],
  parameters jsonb
)
returns jsonb
language plpgsql
immutable
parallel safe
as $$
begin
  -- One check for all faults is faster; which fault it was is found out later. A value of few bytes cannot have a text
  -- that is too long.
  if pg_column_size(parameters) <= 1024
     and jsonb_typeof(parameters) = 'object' and parameters ?& names and parameters - names = '{}' and length(parameters::text) <= 32768 then
    return parameters;
  end if;
  -- The size is checked before the text, which takes a second for 100 MB, and in a statement of its own, because a
  -- query would copy the parameters. Anything that fits in 32768 characters is smaller than this limit, even as many
  -- small values.
  if pg_column_size(parameters) > 262144 then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters));
  end if;
  -- The text of a number can be 10000 times its size.
  if exists (select
               from jsonb_path_query(parameters, 'strict $.** ? (@.type() == "number")') as n
              where abs(n::numeric) >= 1e1000 or scale(n::numeric) > 1000) then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters));
  end if;
  if jsonb_typeof(parameters) is distinct from 'object' then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters are not a JSON object',
      detail = format('They are %s.', coalesce('of type ' || jsonb_typeof(parameters), 'NULL')),
      hint = 'Pass one object with a value for each parameter of the gate.';
  end if;
  if not parameters ?& names or parameters - names <> '{}' then
    raise exception using
      errcode = 'PS107',
      message = format('The parameters are not those of gate %s', gate_id),
      detail = format('Missing: %s. Not declared: %s.',
        coalesce((select string_agg(name, ', ') from unnest(names) as name where not parameters ? name), 'none'),
        coalesce((select left(string_agg(left(name, 128), ', '), 1000) from jsonb_object_keys(parameters - names) as name), 'none')),
      hint = format('Pass the parameters of gate %s: %s.', gate_id, coalesce(nullif(array_to_string(names, ', '), ''), 'none'));
  end if;
  if length(parameters::text) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters are too long',
      detail = format('As text they have %s characters; 32768 are allowed.', length(parameters::text)),
      hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
  end if;
  return parameters;
end
$$;
revoke execute on function postern_internal.check_parameters(text, text[], jsonb) from public;
comment on function postern_internal.check_parameters(text, text[], jsonb) is
'Returns the parameters unchanged. Errors: PS107 if parameters of the gate are missing, others are present (DETAIL names them), or the text is longer than 32768 characters.';
