-- The one place that says which numbers are ids: a fraction must not be rounded to another id. No SET clause, so that
-- it is inlined: called only by functions that pin their search_path.

create or replace function postern_internal.combination_id(posting_combination_id numeric)
returns bigint
language sql
immutable
parallel safe
return case when posting_combination_id >= 1::numeric and posting_combination_id <= 9223372036854775807::numeric
                 and posting_combination_id = pg_catalog.trunc(posting_combination_id)
            then posting_combination_id::bigint end;
revoke execute on function postern_internal.combination_id(numeric) from public;
comment on function postern_internal.combination_id(numeric) is 'The id of a posting combination as a bigint; NULL for fractions, and for numbers below 1 or beyond bigint.';
