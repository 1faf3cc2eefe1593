-- A copy of the database has the same keys. So the signature includes the name of the database, which tells a copy in
-- the same cluster apart, and the number of a table, which usually tells one apart that was restored from a dump.

create or replace function postern_internal.sign_challenge(content text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select postern_internal.encode_base64url(
           sha256(k.outer_pad || sha256(k.inner_pad || convert_to(current_database() || '.' || k.tableoid || '.' || content, 'UTF8'))))
    from postern_internal.server_key as k
   where k.purpose = 'challenge'
$$;
revoke execute on function postern_internal.sign_challenge(text) from public;
comment on function postern_internal.sign_challenge(text) is 'The signature of a challenge of this database.';
