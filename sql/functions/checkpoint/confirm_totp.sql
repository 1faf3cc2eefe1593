-- The first code is an answer at a gate, like every other one. A function that compared it in the caller's transaction
-- could be asked about a million codes at no cost, and would tell those of the next steps too.
--
-- The gate's parameter names the secret. So an app that was enrolled after the approval is not the one that was
-- approved.

create or replace function postern.confirm_totp()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id text := postern.current_userid();
  app text;
begin
  perform postern_internal.refuse_read_only();
  perform postern_internal.require_scheme('TOTP');
  select left(encode(sha256(c.totp_pending), 'hex'), 16) into app
    from postern_internal.credential as c
   where c.userid = current_user_id
     for update;
  if app is null then
    raise exception using
      errcode = 'PS107',
      message = 'There is no authenticator app to confirm',
      detail = format('User %s has enrolled none, or has confirmed it.', current_user_id),
      hint = 'Enrol one with postern.enrol_totp.';
  end if;
  perform postern.checkpoint('POSTERN_TOTP_CONFIRM', jsonb_build_object('APP', app));
  update postern_internal.credential as c
     set totp_secret = c.totp_pending,
         totp_pending = null
   where c.userid = current_user_id;
end
$$;
revoke execute on function postern.confirm_totp() from public;
grant execute on function postern.confirm_totp() to postern_user;
comment on function postern.confirm_totp() is
'Confirms the authenticator app that postern.enrol_totp has begun to enrol, behind the gate POSTERN_TOTP_CONFIRM, which only a code of that app opens. From then on its codes open gates. Errors: PS107 the scheme TOTP is not enabled, or there is nothing to confirm; PS101 authenticate first, PS401, PS402; 25006 on a standby and in a read-only transaction.';
