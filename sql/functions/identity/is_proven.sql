-- The comparison may stop at the first difference: the digest is another one in each transaction, and memcmp compares many
-- bytes a step.
--
-- Called only by functions that pin their search_path, and without a SET clause, so that it is inlined.

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
'Whether the setting postern.session proves the user behind its tab in this transaction. secret: of session_secret. NULL where the setting is.';
