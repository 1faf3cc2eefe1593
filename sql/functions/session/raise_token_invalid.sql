create or replace function postern_internal.raise_token_invalid(reason text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS402',
    message = 'The session token is not valid',
    detail = reason,
    hint = 'Sign a JWT with HS256 and a key of postern.session_key: header kid, claims sub (user id), aud (name of this database), iat, exp and jti.';
end
$$;
revoke execute on function postern_internal.raise_token_invalid(text) from public;
comment on function postern_internal.raise_token_invalid(text) is
'Raises PS402. reason: a sentence.';
