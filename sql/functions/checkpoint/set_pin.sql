-- A person changes their own PIN. The gate makes them prove that they know the current one. A function that answered
-- "wrong PIN" in the caller's own transaction would let the caller guess at no cost.
--
-- The PIN occurs in expressions only, never in a statement: auto_explain logs nested statements, and a plan can contain
-- the values that it was made for. Hence also the last two settings.

create or replace function postern.set_pin(new_pin text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id text := postern.current_userid();
  old_hash text;
  new_hash text;
  weakness text := postern_internal.pin_weakness(current_user_id, new_pin);
begin
  perform postern_internal.refuse_read_only();
  if weakness is not null then
    perform postern_internal.refuse_pin(weakness);
  end if;
  perform postern.checkpoint('POSTERN_PIN_CHANGE');

  -- Only behind the gate, where the caller has just proved to know the old PIN.
  select c.hash into old_hash from postern_internal.credential as c where c.userid = current_user_id for update;
  if postern_internal.hash_pin(new_pin, old_hash) = old_hash then
    perform postern_internal.refuse_pin('old');
  end if;
  new_hash := postern_internal.hash_pin(new_pin, postern_internal.bcrypt_salt());
  update postern_internal.credential as c
     set hash = new_hash,
         must_change = false,
         changed_at = clock_timestamp(),
         changed_by = session_user
   where c.userid = current_user_id;
end
$$;
revoke execute on function postern.set_pin(text) from public;
grant execute on function postern.set_pin(text) to postern_user;
comment on function postern.set_pin(text) is
'Changes the PIN of the current user, behind the gate POSTERN_PIN_CHANGE, which only that user''s current PIN opens. new_pin: bind it as a parameter, so that it reaches no server log. Errors: PS109 not acceptable, PS101 authenticate first, PS401, PS402; 25006 on a standby and in a read-only transaction.';
