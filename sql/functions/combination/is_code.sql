-- No SET clause, so that it is inlined. Called only by functions that pin their search_path, or by what those call.

create or replace function postern_internal.is_code(value text)
returns boolean
language sql
immutable
parallel safe
return value <> ''
       and pg_catalog.length(value) <= 20
       and value = pg_catalog.btrim(value)
       and value !~ '[[:cntrl:]]';
revoke execute on function postern_internal.is_code(text) from public;
comment on function postern_internal.is_code(text) is
'Whether value can be a code part or the id of a ledger: 1 to 20 characters, none of them a control character, with no space at either end. NULL for NULL.';
