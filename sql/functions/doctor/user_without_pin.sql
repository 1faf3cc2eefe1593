create or replace view postern_internal.user_without_pin as
  select 'warn' as level, 'user_without_pin' as code, 'user ' || u.userid as object,
         'A user cannot pass any gate' as title,
         format('The user is active and has no PIN; active gates: %s.', g.active) as detail,
         -- A user id may contain anything, including characters that a shell interprets.
         format('Have an administrator give the user a first PIN: %s; or, if nobody works as this user: select postern.set_user_active(%L, false);',
                case when u.userid ~ '^[A-Za-z0-9_][A-Za-z0-9_.@-]*$' then 'postern user reset-pin ' || u.userid
                     else format('select postern.reset_pin(%L, ...)', u.userid) end, u.userid) as fix
    from postern_internal.end_user as u
    join postern_internal.credential as c on c.userid = u.userid
   cross join (select count(*) as active from postern_internal.gate as a where a.stops and not a.built_in) as g
   where u.active and c.hash is null and g.active > 0
     -- With another scheme a user may need no PIN.
     and not exists (select from postern_internal.scheme as s
                      where s.enabled and s.scheme <> 'PIN' and (s.scheme <> 'TOTP' or c.totp_secret is not null)
                        and (s.scheme <> 'PASSKEY' or exists (select from postern_internal.passkey as p where p.userid = u.userid)));
comment on view postern_internal.user_without_pin is 'Check of postern.doctor: active users without a PIN while gates are active.';
