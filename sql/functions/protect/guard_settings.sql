-- Whoever writes the table chooses the settings of the session. These are the ones that could change what the person is
-- shown, how the owner's condition is read, or how long the guard takes. A nested loop over two transition tables would
-- compare each row with all others. gin_fuzzy_search_limit leaves out rows that a condition looks up.
--
-- Where only a nested loop can do, the plan looks so expensive that JIT would compile it, here and in all that the
-- guard calls. That took more than a second for each approval.

create or replace function postern.guard_settings()
returns text[]
language sql
immutable
return array[
  'search_path=pg_catalog, pg_temp',
  'standard_conforming_strings=on',
  'transform_null_equals=off',
  'array_nulls=on',
  'extra_float_digits=1',
  'DateStyle=ISO, MDY',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'bytea_output=hex',
  'lc_monetary=C',
  'lc_numeric=C',
  'lc_time=C',
  'timezone_abbreviations=Default',
  'default_text_search_config=pg_catalog.simple',
  'quote_all_identifiers=off',
  'xmlbinary=base64',
  'xmloption=content',
  'gin_fuzzy_search_limit=0',
  'enable_nestloop=off',
  'jit=off'
];
revoke execute on function postern.guard_settings() from public;
grant execute on function postern.guard_settings() to postern_admin, postern_auditor;
comment on function postern.guard_settings() is 'The settings of the function of a guard, as in pg_proc.proconfig.';
