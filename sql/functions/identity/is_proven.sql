-- Comparing stops at the first difference, which is safe here: the digest differs in each transaction, and memcmp
-- compares many bytes per step, so timing reveals nothing useful.
--
-- Called only by functions that pin their search_path. It has no SET clause, so that it is inlined.

create or replace function postern_internal.is_proven(
  setting text,
  secret bytea
)
returns boolean
language sql
stable
parallel safe
return setting = postern_internal.session_value(secret, pg_catalog.split_part(setting, E'\t', 2));
revoke execute on function postern_internal.is_proven(text, bytea) from public;
comment on function postern_internal.is_proven(text, bytea) is
'Whether the setting postern.session proves, in this transaction, the user that follows its tab. secret: from session_secret. NULL if the setting is NULL.';
