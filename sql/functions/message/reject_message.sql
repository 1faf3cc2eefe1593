-- Says why parse_message refused a message. It is separate, so that reading a valid message does not pay for counting
-- lines.
create or replace function postern_internal.reject_message(message text)
returns void
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text collate "C" := message;
  line_text text collate "C";
  line bigint := 0::bigint;
  named boolean := false;
  attributed boolean := false;
  fault text;
  remedy text;
begin
  if rows is null then
    raise exception using
      errcode = 'PS107',
      message = 'invalid IFS Message: the message is null',
      detail = 'message: null',
      hint = 'Start a message with message_sys.construct(''NAME'').';
  end if;

  if octet_length(rows) > 67108864 then
    raise exception using
      errcode = 'PS107',
      message = 'invalid IFS Message: the message is too long',
      detail = format('%s bytes, where at most 67108864 (64 MiB) are allowed', octet_length(rows)),
      hint = 'Put a reference to the data into the message, not the data itself.';
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;

  foreach line_text in array string_to_array(rows, E'\n') loop
    line := line + 1;
    case left(line_text, 1)
      when ' ' then
        null;
      when '!' then
        if named then
          fault := 'a second header';
          remedy := 'A message has one ! row. As a part of a value it needs a - before it; message_sys.add_attribute writes it.';
        elsif not postern_internal.is_message_name(substr(line_text, 2)) then
          fault := 'the name of the message is invalid';
          remedy := 'A name has 1 to 128 characters and holds no "=" or carriage return; rows are separated by line feeds alone.';
        end if;
        named := true;
      when '$' then
        if not named then
          fault := 'no header before the first attribute';
          remedy := 'The first row that is no comment must be !NAME.';
        elsif strpos(line_text, '=') = 0 then
          fault := 'an attribute without "="';
          remedy := 'An attribute row reads $NAME=VALUE, with nothing after the "=" for an empty value.';
        elsif not postern_internal.is_message_name(substr(line_text, 2, strpos(line_text, '=') - 2)) then
          fault := 'the name of the attribute is invalid';
          remedy := 'A name has 1 to 128 characters and holds no "=" or carriage return; rows are separated by line feeds alone.';
        end if;
        attributed := true;
      when '-' then
        if not attributed then
          fault := 'nothing to continue';
          remedy := 'A - row continues the value of the attribute before it, so a $NAME=VALUE row must come first.';
        end if;
      when '+' then
        if not named then
          fault := 'no header before the first row';
          remedy := 'The first row that is no comment must be !NAME.';
        end if;
      else
        fault := case when line_text = '' then 'an empty row' else 'an unknown kind of row' end;
        remedy := 'A row starts with ! (header), $ (NAME=VALUE), - (value continued), + (reserved) or a space (comment).';
    end case;
    exit when fault is not null;
  end loop;

  if fault is null and not named then
    line := greatest(line, 1);
    fault := 'no header';
    remedy := 'The first row that is no comment must be !NAME.';
  end if;

  if fault is null then
    select r.line_number, r.line_text
      into line, line_text
      from (select u.line_number, u.line_text,
                   row_number() over (partition by split_part(u.line_text, '=', 1) order by u.line_number) as occurrence
              from unnest(string_to_array(rows, E'\n')) with ordinality as u (line_text, line_number)
             where left(u.line_text, 1) = '$') as r
     where r.occurrence > 1
     order by r.line_number
     limit 1;
    fault := 'an attribute twice';
    remedy := 'Give each attribute once; message_sys.set_attribute replaces a value.';
  end if;

  raise exception using
    errcode = 'PS107',
    message = 'invalid IFS Message: ' || fault,
    detail = format('line %s: %s', line, replace(left(line_text, 80), E'\r', E'\\r')),
    hint = remedy;
end
$$;

revoke execute on function postern_internal.reject_message(text) from public;
comment on function postern_internal.reject_message(text) is
  'Raises PS107 for a message that parse_message refused; DETAIL names the line and shows the first 80 characters of it.';
