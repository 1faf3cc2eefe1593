-- The secret occurs in expressions only, like the PIN in postern.set_pin, so that no logged statement contains it. The
-- pads derived from it are inserted by a generic plan, which contains no values.

create or replace function postern.create_session_key(
  kid text,
  secret bytea
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  new_inner_pad bytea;
  new_outer_pad bytea;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(kid, 'kid', 128);
  if secret is null or length(secret) not between 32 and 1024 then
    raise exception using
      errcode = 'PS107',
      message = 'The secret of a session key must have 32 to 1024 bytes',
      detail = format('It has %s.', coalesce(length(secret)::text, 'none: it is NULL')),
      hint = 'Take 32 random bytes, for example with: postern session key create KID.';
  end if;
  -- Random bytes may also end with a line feed, but then the bytes before it are not all printable.
  if encode(secret, 'hex') ~ '^([2-6][0-9a-f]|7[0-9a-e])+(0d)?0a$' then
    raise exception using
      errcode = 'PS107',
      message = 'The secret of a session key must not be a line of text with its end',
      detail = 'Its last byte is a line feed, and all others are printable: it was read from a text file.',
      hint = 'Pass it without the line end, which programs that read the file leave out.';
  end if;
  new_inner_pad := postern_internal.hmac_pad(secret, 54);
  new_outer_pad := postern_internal.hmac_pad(secret, 92);
  insert into postern_internal.session_key (kid, inner_pad, outer_pad, system_identifier, database_oid, table_oid)
  select kid, new_inner_pad, new_outer_pad, c.system_identifier, d.oid, 'postern_internal.session_key'::regclass::oid
    from pg_control_system() as c
    join pg_database as d on d.datname = current_database()
  on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The session key already exists',
      detail = format('kid is %s.', to_jsonb(kid)),
      hint = 'Rotate keys under new ids: create the new one, switch the application, retire the old one. A kid is never used again.';
  end if;
end
$$;
revoke execute on function postern.create_session_key(text, bytea) from public;
grant execute on function postern.create_session_key(text, bytea) to postern_admin;
comment on function postern.create_session_key(text, bytea) is
'Adds a key that may sign session tokens. kid: its name in the header of the token. secret: 32 to 1024 random bytes; bind it as a parameter, so that it reaches no server log. Errors: PS107 bad or used kid, short secret, or a line of text that includes its line end.';
