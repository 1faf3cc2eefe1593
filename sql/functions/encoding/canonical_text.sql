-- The one place that says when two values are equal. Numbers are compared as numbers: jsonb writes them without
-- exponents but keeps trailing zeros, which are removed here. ISO 8601 moments with an offset are compared as moments.
-- Nothing else is interpreted: '007' is not '7', the text '7' is not the number 7, and names are names.
--
-- It works on the text instead of the tree, because recursion into a deep object would exceed the stack. The text of
-- jsonb has one form: between two quoted strings there are only numbers, true, false, null and punctuation. A text with
-- neither a trailing zero after a point nor a time of day is canonical already. For most parameters that check is the
-- only cost.

create or replace function postern_internal.canonical_text(parameters jsonb)
returns text
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  content text := parameters::text;
begin
  if content !~ '[.][0-9]*0(?![0-9])|[0-9]:[0-9]' then
    return content;
  end if;
  return (
    select string_agg(
             case when not starts_with(part.content, '"')
                  then regexp_replace(regexp_replace(part.content, '([.][0-9]*[1-9])0+(?![0-9])', E'\\1', 'g'), '[.]0+(?![0-9])', '', 'g')
                  when starts_with(part.following, ':') then part.content  -- a name
                  else postern_internal.canonical_moment(part.content) end,
             '' order by part.position)
      from (select p.piece[1] as content, p.position, lead(p.piece[1]) over (order by p.position) as following
              from regexp_matches(content, E'"(?:[^"\\\\]|\\\\.)*"|[^"]+', 'g') with ordinality as p (piece, position)) as part);
end
$$;
revoke execute on function postern_internal.canonical_text(jsonb) from public;
comment on function postern_internal.canonical_text(jsonb) is
'The parameters as a text that is equal for equal values, however their numbers and moments were written.';
