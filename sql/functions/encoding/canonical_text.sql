-- The one place that says when two values are the same. Numbers are compared as numbers: jsonb writes them without
-- exponents and keeps the zeros at the end, which go here. Texts that are ISO 8601 moments with an offset are compared as
-- moments. Nothing else is interpreted: '007' is not '7', the text '7' is not the number 7, and names are names.
--
-- It goes through the text and not through the tree: recursion would end deep objects with an error of the stack, and the text
-- of jsonb has one form, where everything between two quoted texts is numbers, true, false, null and punctuation. What has
-- neither a zero behind a point nor a time of day is the same already; that look is all that most parameters cost.

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
'The parameters as text that is equal where all their values are, however numbers and moments were written.';
