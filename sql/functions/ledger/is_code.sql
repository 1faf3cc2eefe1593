-- Without a SET clause, for the time that takes for each code part. Called only by functions that pin their search_path.

create or replace function postern_internal.is_code(value text)
returns boolean
language plpgsql
immutable
parallel safe
as $$
begin
  return value <> '' and length(value) <= 20 and value = btrim(value) and value !~ '[[:cntrl:]]';
end
$$;
revoke execute on function postern_internal.is_code(text) from public;
comment on function postern_internal.is_code(text) is
'Whether value can be a code part or the id of a ledger: 1 to 20 characters, none of them a control character, with no space at either end. NULL for NULL.';
