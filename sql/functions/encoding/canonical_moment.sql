-- The same moment in UTC, itself a moment of the same grammar: so nothing else becomes equal to it. The date with a year of four
-- digits, T or a space, the time of day, and an offset: what to_jsonb and the texts of timestamptz look like in any TimeZone, and
-- RFC 3339 in other languages. No leap second, no 24:00, no fraction is rounded: what PostgreSQL would make another moment of,
-- or is no date, stays the text that it is, and so do moments that are in another year than 1 to 9999 in UTC. Asks no
-- setting of the session.

create or replace function postern_internal.canonical_moment(quoted text)
returns text
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[] := regexp_match(quoted,
    '^"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]+))?)?(?:[Zz]|([+-])(0[0-9]|1[0-5])(?::?([0-5][0-9])(?::?([0-5][0-9]))?)?)"$');
  first_of_month date;
  moment timestamp;
begin
  if parts is null or parts[1] = '0000' then
    return quoted;
  end if;
  first_of_month := make_date(parts[1]::integer, parts[2]::integer, 1);
  if parts[3]::integer > extract(day from first_of_month + interval '1 month' - interval '1 day') then
    return quoted;
  end if;
  moment := first_of_month
          + make_interval(days => parts[3]::integer - 1, hours => parts[4]::integer, mins => parts[5]::integer, secs => coalesce(parts[6], '0')::integer)
          - case when parts[8] = '-' then -1 else 1 end
            * make_interval(hours => coalesce(parts[9], '0')::integer, mins => coalesce(parts[10], '0')::integer, secs => coalesce(parts[11], '0')::integer);
  if extract(year from moment) not between 1 and 9999 then
    return quoted;
  end if;
  return '"' || to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS') || coalesce('.' || nullif(rtrim(parts[7], '0'), ''), '') || 'Z"';
end
$$;
revoke execute on function postern_internal.canonical_moment(text) from public;
comment on function postern_internal.canonical_moment(text) is
'A text in JSON, quotes and all; where it is an ISO 8601 moment with an offset, that moment in UTC.';
