-- No SET clause and no query, so that it is inlined. An SQL function that is not inlined runs a statement, and
-- auto_explain would log that statement with its argument, a PIN.

create or replace function postern_internal.is_date_of_year(digits text)
returns boolean
language sql
immutable
parallel safe
-- Day and month in either order, alone or with a year before or after them. The year has two digits, or four from 1900
-- to 2099. A year of four digits alone is a likely year of birth.
return digits operator(pg_catalog.~) (
  '^(?:(?:19|20)?[0-9]{2})?(?:(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))$'
  '|^(?:(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))(?:19|20)?[0-9]{2}$'
  '|^(?:19|20)[0-9]{2}$');
revoke execute on function postern_internal.is_date_of_year(text) from public;
comment on function postern_internal.is_date_of_year(text) is
'Whether digits can be read as a date: DDMM, MMDD, with or without YY or YYYY at either end; or YYYY alone.';
