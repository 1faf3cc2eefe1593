-- Converts a moment to UTC. The result is in the same grammar, so nothing that is not a moment becomes equal to it. The
-- grammar is a date with a four-digit year, T or a space, a time of day, and an offset: what to_jsonb and timestamptz
-- print in any TimeZone, and RFC 3339 in other languages. Other texts stay unchanged: leap seconds, 24:00, fractions
-- that PostgreSQL would round, dates that do not exist, and moments outside the years 1 to 9999 in UTC. It depends on
-- no setting of the session.

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
'Takes a JSON string with its quotes. If it is an ISO 8601 moment with an offset, returns that moment in UTC; otherwise returns it unchanged.';
