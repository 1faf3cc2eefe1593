-- The signature includes the database name, because a copy made from a template database has the same keys.

create or replace function postern_internal.sign_challenge(content text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select postern_internal.encode_base64url(
           sha256(k.outer_pad || sha256(k.inner_pad || convert_to(current_database() || '.' || content, 'UTF8'))))
    from postern_internal.server_key as k
   where k.purpose = 'challenge'
$$;
revoke execute on function postern_internal.sign_challenge(text) from public;
comment on function postern_internal.sign_challenge(text) is 'The signature of a challenge of this database.';
