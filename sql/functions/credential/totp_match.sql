-- A code counts in its own 30 seconds, and in those before and after, because clocks differ and people type slowly. It
-- works once: only steps after the last accepted one count. All three codes are always computed, so that the time does
-- not tell which one it was. If two steps happen to have the same code, the later one is used up, and the earlier with
-- it.

create or replace function postern_internal.totp_match(
  secret bytea,
  response text,
  moment timestamptz,
  last_step bigint
)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  now_step integer := floor(extract(epoch from moment) / 30)::integer;
  matched bigint;
begin
  for step in now_step - 1 .. now_step + 1 loop
    matched := case when postern_internal.totp_code(secret, step) = response and step > last_step then step::bigint else matched end;
  end loop;
  return matched;
end
$$;
revoke execute on function postern_internal.totp_match(bytea, text, timestamptz, bigint) from public;
comment on function postern_internal.totp_match(bytea, text, timestamptz, bigint) is
'The step whose code response is, if it is near moment and after last_step; otherwise NULL.';
