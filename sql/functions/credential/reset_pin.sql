-- Sets first PINs and replaces forgotten ones. It does not compare the new PIN with the old one: an administrator could
-- otherwise try a PIN, see whether it is the old one, and roll back.
--
-- The PIN occurs in expressions only, as in postern.set_pin.

create or replace function postern.reset_pin(
  userid text,
  new_pin text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  new_hash text;
  weakness text := postern_internal.pin_weakness(userid, new_pin);
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  if weakness is not null then
    perform postern_internal.refuse_pin(weakness);
  end if;
  new_hash := postern_internal.hash_pin(new_pin, postern_internal.bcrypt_salt());

  update postern_internal.credential as c
     set hash = new_hash,
         must_change = true,
         changed_at = clock_timestamp(),
         changed_by = session_user
   where c.userid = reset_pin.userid;
  perform postern.unlock_user(userid);
  perform postern_internal.expire_tickets(userid);
end
$$;
revoke execute on function postern.reset_pin(text, text) from public;
grant execute on function postern.reset_pin(text, text) to postern_admin;
comment on function postern.reset_pin(text, text) is
'Gives a user a new PIN and unlocks the user. Ends the tickets that the old PIN approved, and those that somebody else approved in a session of the user. The PIN opens only POSTERN_PIN_CHANGE until the user has changed it. new_pin: bind it as a parameter, so that it reaches no server log. Errors: PS107 no such user, PS109 not acceptable.';
