-- Not a cast to text: its result depends on the caller's DateStyle and TimeZone, but somebody approves the text of a
-- message.
create or replace function postern.message_timestamp(value timestamptz)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if value < timestamptz '0001-01-01 00:00:00+00' or value >= timestamptz '10000-01-01 00:00:00+00' then
    raise exception using
      errcode = 'PS107',
      message = 'An IFS Message cannot contain this timestamp',
      detail = case when isfinite(value) then 'The timestamp is outside the years 1 to 9999.' else 'The timestamp is infinite.' end,
      hint = 'Pass a time in the years 1 to 9999 (UTC), or leave the attribute empty.';
  end if;

  return to_char(timezone(interval '0', value), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end
$$;

revoke execute on function postern.message_timestamp(timestamptz) from public;
grant execute on function postern.message_timestamp(timestamptz) to postern_user, postern_admin;
comment on function postern.message_timestamp(timestamptz) is
'A time as the text of an IFS Message: ISO 8601 in UTC with microseconds, 2026-11-22T01:33:04.123456Z, whatever the caller''s settings. NULL for NULL. Errors: PS107 value is infinite or outside the years 1 to 9999.';
