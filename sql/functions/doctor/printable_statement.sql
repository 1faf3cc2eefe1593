-- Names may hold anything, also what a terminal obeys, or psql at a paste: a new line, a tab that completes, a character
-- that turns the direction of what follows. Written as escapes they can be seen and pasted, and mean the same.

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
  -- Quoted names, strings, and what is between them, which holds nothing of the kind.
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
