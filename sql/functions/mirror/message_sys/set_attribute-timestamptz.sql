create or replace procedure message_sys.set_attribute(inout message text, name text, value timestamptz)
language sql
begin atomic
  select postern.set_message_attribute(message, name, postern.message_timestamp(value));
end;

revoke execute on procedure message_sys.set_attribute(text, text, timestamptz) from public;
grant execute on procedure message_sys.set_attribute(text, text, timestamptz) to postern_user, postern_admin;
comment on procedure message_sys.set_attribute(text, text, timestamptz) is
'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with a time as its value: ISO 8601 in UTC, whatever the caller''s settings. A date or a timestamp without time zone is converted with the caller''s TimeZone; to avoid that, cast it to text. Errors: PS107 the message or the name is NULL or not valid, the result is over 64 MiB, or the time is infinite or outside the years 1 to 9999.';
