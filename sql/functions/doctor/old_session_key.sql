create or replace view postern_internal.old_session_key as
  select 'warn' as level, 'old_session_key' as code, 'session key ' || k.kid as object,
         'A session key is older than a year' as title,
         format('It was created on %s. Anybody who has ever seen it can speak for every user.', to_char(k.created_at, 'YYYY-MM-DD')) as detail,
         format('Create a key under another id (postern session key create KID), switch the application to it, then: select postern.retire_session_key(%L);', k.kid) as fix
    from postern_internal.session_key as k
   where k.retired_at is null and k.created_at < now() - interval '1 year';
comment on view postern_internal.old_session_key is 'Check of postern.doctor: session keys in use for more than a year.';
