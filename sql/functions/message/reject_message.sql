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
      message = 'The IFS Message is missing',
      detail = 'message is NULL.',
      hint = 'Start a message with message_sys.construct(''NAME'').';
  end if;

  if octet_length(rows) > 67108864 then
    raise exception using
      errcode = 'PS107',
      message = 'The IFS Message is too long',
      detail = format('It has %s bytes; 67108864 (64 MiB) are allowed.', octet_length(rows)),
      hint = 'Put a reference to the data into the message instead of the data itself.';
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
          fault := 'it has a second header';
          remedy := 'Keep one ! row. Write a nested message with message_sys.add_attribute, which puts a - before each of its further rows.';
        elsif not postern_internal.is_message_name(substr(line_text, 2)) then
          fault := 'its name is not usable';
          remedy := 'Use 1 to 128 characters without "=" and carriage return, and separate rows by line feeds alone.';
        end if;
        named := true;
      when '$' then
        if not named then
          fault := 'it has an attribute before the header';
          remedy := 'Begin with the row !NAME; only comments may precede it.';
        elsif strpos(line_text, '=') = 0 then
          fault := 'an attribute has no "="';
          remedy := 'Write $NAME=VALUE, with nothing after the "=" for an empty value.';
        elsif not postern_internal.is_message_name(substr(line_text, 2, strpos(line_text, '=') - 2)) then
          fault := 'the name of an attribute is not usable';
          remedy := 'Use 1 to 128 characters without "=" and carriage return, and separate rows by line feeds alone.';
        end if;
        attributed := true;
      when '-' then
        if not attributed then
          fault := 'a - row has no value to continue';
          remedy := 'Put a row $NAME=VALUE before the - row, which continues its value.';
        end if;
      when '+' then
        if not named then
          fault := 'it has a row before the header';
          remedy := 'Begin with the row !NAME; only comments may precede it.';
        end if;
      else
        fault := case when line_text = '' then 'it has an empty row' else 'it has a row of an unknown kind' end;
        remedy := 'Begin each row with ! (header), $ (NAME=VALUE), - (value continued), + (reserved) or a space (comment).';
    end case;
    exit when fault is not null;
  end loop;

  if fault is null and not named then
    line := greatest(line, 1);
    fault := 'it has no header';
    remedy := 'Begin with the row !NAME; only comments may precede it.';
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
    fault := 'it has an attribute twice';
    remedy := 'Keep each attribute once; message_sys.set_attribute replaces a value.';
  end if;

  raise exception using
    errcode = 'PS107',
    message = 'The IFS Message is not valid: ' || fault,
    detail = format('Line %s: %s', line, replace(left(line_text, 80), E'\r', E'\\r')),
    hint = remedy;
end
$$;

revoke execute on function postern_internal.reject_message(text) from public;
comment on function postern_internal.reject_message(text) is
'Raises PS107 for a message that parse_message refused; DETAIL names the line and shows the first 80 characters of it.';
