-- The secret is made here, so that no client can choose a weak one, and returned once. Until the app is confirmed, the
-- app before it, if there is one, stays. It is made and returned by one statement: auto_explain may log the parameters
-- of nested statements.

create or replace function postern.enrol_totp()
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id text := postern.current_userid();
  is_enrolled boolean;
  secret bytea;
begin
  perform postern_internal.refuse_read_only();
  perform postern_internal.require_scheme('TOTP');
  select c.totp_secret is not null into is_enrolled from postern_internal.credential as c where c.userid = current_user_id for update;
  -- A PIN is enough for the first app. If it were for the next one, a stolen PIN would be worth both.
  if is_enrolled then
    raise exception using
      errcode = 'PS107',
      message = 'There is an authenticator app already',
      detail = format('User %s has confirmed one.', current_user_id),
      hint = 'Have an administrator remove it with postern.remove_totp, and enrol again.';
  end if;
  perform postern.checkpoint('POSTERN_TOTP_ENROL');
  update postern_internal.credential as c
     set totp_pending = postern_internal.random_bytes(20)
   where c.userid = current_user_id
  returning c.totp_pending into secret;
  return format('otpauth://totp/%1$s:%2$s?secret=%3$s&issuer=%1$s',
                postern_internal.percent_encode(current_database()), postern_internal.percent_encode(current_user_id),
                postern_internal.encode_base32(secret));
end
$$;
revoke execute on function postern.enrol_totp() from public;
grant execute on function postern.enrol_totp() to postern_user;
comment on function postern.enrol_totp() is
'Begins to enrol an authenticator app of the current user, behind the gate POSTERN_TOTP_ENROL, which only the user''s PIN opens. Returns its secret as an otpauth:// URI, for a QR code, once: nothing shows it again. The app opens no gate until postern.confirm_totp. Errors: PS107 the scheme TOTP is not enabled, or the user has an app; PS101 authenticate first, PS401, PS402; 25006 on a standby and in a read-only transaction.';
