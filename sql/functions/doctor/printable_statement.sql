-- Names may contain anything, including characters that control a terminal, or psql when pasted: a line feed, a tab
-- that completes, a character that reverses the direction of text. Escapes make them visible and safe to paste, with
-- the same meaning.

create or replace function postern.printable_statement(statement text)
returns text
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  unprintable constant text := case when getdatabaseencoding() = 'UTF8'
                                    then E'[\\u0001-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]'
                                    else E'[\\u0001-\\u001f\\u007f]' end;
  piece text;
  character text;
  written text := '';
begin
  if statement is null or statement !~ unprintable then
    return statement;
  end if;
  -- Quoted names, strings, and the text between them, which contains no such character.
  for piece in
    select p.match[1] from regexp_matches(statement, '("(?:[^"]|"")*"|E?''(?:[^'']|'''')*''|[^"''E]+|E)', 'g') with ordinality as p (match, position) order by p.position
  loop
    if piece !~ unprintable or left(piece, 1) not in ('"', '''', 'E') then
      written := written || piece;
      continue;
    end if;
    if left(piece, 1) = '"' then
      piece := 'U&' || replace(piece, E'\\', E'\\\\');
    elsif left(piece, 1) = '''' then
      piece := 'E' || piece;
    end if;
    for character in select distinct m.match[1] from regexp_matches(piece, '(' || unprintable || ')', 'g') as m (match) loop
      piece := replace(piece, character, case when left(piece, 1) = 'U' then E'\\' else E'\\u' end || lpad(to_hex(ascii(character)), 4, '0'));
    end loop;
    written := written || piece;
  end loop;
  return written;
end
$$;
revoke execute on function postern.printable_statement(text) from public;
grant execute on function postern.printable_statement(text) to postern_admin, postern_auditor;
comment on function postern.printable_statement(text) is
'For postern.doctor: statement with control characters and the like in its quoted names and strings written as escapes.';
