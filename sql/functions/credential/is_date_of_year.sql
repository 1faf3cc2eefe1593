create or replace function postern_internal.is_date_of_year(digits text)
returns boolean
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  -- Day and month in either order, alone, or with a year of two or four digits (1900 to 2099) before or behind; or such a
  -- year alone, which is the year of a birth.
  select digits ~ (
    '^(?:' || d.day_month || '(?:(?:19|20)?[0-9]{2})?' || '|(?:(?:19|20)?[0-9]{2})' || d.day_month || '|(?:19|20)[0-9]{2})$')
    from (select '(?:(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))' as day_month) as d
$$;
revoke execute on function postern_internal.is_date_of_year(text) from public;
comment on function postern_internal.is_date_of_year(text) is
'Whether digits can be read as a date: DDMM, MMDD, with or without YY or YYYY at either end; or YYYY alone.';
