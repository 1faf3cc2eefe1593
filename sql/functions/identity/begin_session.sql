-- Starts a session with a signed token. It writes no table, so it works on a hot standby. What it sets ends with the
-- transaction, so the next client of a pooled connection inherits nothing.
--
-- Only the top level is checked for duplicate names: the one nested value that is read is aud, which may be an array of
-- strings.
--
-- It is the first call of many connections, and then most of its time is PostgreSQL reading its catalog. So it reads
-- few tables, and its operands have the types of an operator. For numeric > integer PostgreSQL would read every
-- operator > and compare the types of each. TestFirstQueryReadsLittleOfTheCatalog counts what is read.

create or replace function postern.begin_session(token text)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[];
  header_text text;
  claims_text text;
  header jsonb;
  claims jsonb;
  signature bytea;
  inner_pad bytea;
  outer_pad bytea;
  retired_at timestamptz;
  userid text;
  setting text;
  reason text;
  issued numeric;
  expires numeric;
  now_seconds numeric;
begin
  if token is null or length(token) > 8192
     or token !~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$' then
    reason := 'It is not a JWT of at most 8192 characters.';
  else
    begin
      parts := string_to_array(token, '.');
      header_text := convert_from(postern_internal.decode_base64url(parts[1]), 'UTF8');
      header := header_text::jsonb;
      signature := postern_internal.decode_base64url(parts[3]);
      select s.inner_pad, s.outer_pad, s.retired_at into inner_pad, outer_pad, retired_at
        from postern_internal.session_key as s
       where s.kid = header ->> 'kid';
      if jsonb_typeof(header) is distinct from 'object' or header ->> 'alg' is distinct from 'HS256' then
        reason := 'Its algorithm is not HS256.';
      elsif header -> 'crit' is not null then
        reason := 'Its header has critical extensions, and none is understood.';
      elsif inner_pad is null then
        reason := 'Its key id is not known.';
      elsif retired_at is not null then
        reason := 'Its key is retired.';
      elsif sha256(outer_pad || sha256(inner_pad || convert_to(parts[1] || '.' || parts[2], 'UTF8'))) <> signature then
        reason := 'Its signature is wrong.';
      else
        -- No claim is read before the signature has been verified.
        claims_text := convert_from(postern_internal.decode_base64url(parts[2]), 'UTF8');
        claims := claims_text::jsonb;
        -- jsonb keeps the last value of a duplicate name; another reader of the same token may keep the first.
        if cardinality(array(select json_object_keys(header_text::json))) <> cardinality(array(select jsonb_object_keys(header)))
           or cardinality(array(select json_object_keys(claims_text::json))) <> cardinality(array(select jsonb_object_keys(claims))) then
          reason := 'A name is twice in its header, or in its claims.';
        elsif jsonb_typeof(claims -> 'sub') is distinct from 'string' or claims ->> 'sub' = '' then
          reason := 'The claim sub is missing.';
        elsif jsonb_typeof(claims -> 'jti') is distinct from 'string' or claims ->> 'jti' = '' then
          reason := 'The claim jti is missing.';
        elsif (claims -> 'aud' @> to_jsonb(current_database())) is not true then  -- neither this string nor an array with it
          reason := format('Its audience (aud) is not the database %s.', current_database());
        elsif jsonb_typeof(claims -> 'exp') is distinct from 'number' or jsonb_typeof(claims -> 'iat') is distinct from 'number' then
          reason := 'The claims iat and exp must be numbers: seconds since 1970.';
        elsif claims -> 'nbf' is not null and jsonb_typeof(claims -> 'nbf') <> 'number' then
          reason := 'The claim nbf must be a number: seconds since 1970.';
        else
          expires := (claims ->> 'exp')::numeric;
          issued := (claims ->> 'iat')::numeric;
          now_seconds := extract(epoch from clock_timestamp());
          if expires <= now_seconds then
            reason := 'It has expired.';
          elsif issued > now_seconds + 60.0 then
            reason := 'It was issued in the future (iat); 60 seconds are allowed for clocks that differ.';
          -- The setting is at least 60, so shorter tokens need no look at it.
          elsif expires - issued > 60.0 and expires - issued > postern_internal.setting_integer('token_max_seconds')::numeric then
            reason := format('From iat to exp it has more than the %s seconds of the setting token_max_seconds.', postern_internal.setting_integer('token_max_seconds'));
          elsif (claims ->> 'nbf')::numeric > now_seconds + 60.0 then
            reason := 'It is not valid yet (nbf).';
          else
            userid := claims ->> 'sub';
            setting := postern_internal.session_setting(userid);
            if setting is null then
              userid := postern.resolve_userid(userid);
              setting := postern_internal.session_setting(userid);
            end if;
            if setting is null then
              reason := format('Its subject %s is no active end user.', to_jsonb(left(claims ->> 'sub', 128)));
            end if;
          end if;
        end if;
      end if;
    exception when data_exception then
      reason := 'It is not a JWT: header or claims cannot be decoded.';
    end;
  end if;

  if reason is not null then
    raise exception using
      errcode = 'PS402',
      message = 'The session token is not valid',
      detail = reason,
      hint = 'Sign a JWT with HS256 and a key of postern.session_key: header kid, claims sub (user id), aud (name of this database), iat, exp and jti. Let exp be at most token_max_seconds after iat.';
  end if;
  perform set_config('postern.session', setting, true);
  return userid;
end
$$;
revoke execute on function postern.begin_session(text) from public;
grant execute on function postern.begin_session(text) to postern_app;
comment on function postern.begin_session(text) is
'Starts the session of an end user for this transaction. token: a JWT signed with HS256 by a key of postern.session_key; header kid; claims sub (user id), aud (name of this database), iat, exp, jti; nbf is honoured; no name twice; from iat to exp at most the seconds of the setting token_max_seconds. Returns the user id as it was first written. Errors: PS402 the token is forged, expired, not meant for this database, or names no active user.';
