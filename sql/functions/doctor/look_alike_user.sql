create or replace view postern_internal.look_alike_user as
  select 'warn' as level, 'look_alike_user' as code, 'user ' || l.userid as object,
         'Two users cannot be told apart by sight' as title,
         format('%L looks like %L, which is older. Who reads the log, or a dialog, may take one for the other.', l.userid, l.older) as detail,
         format('Find out who each of them is. Where one is not meant to be there: select postern.set_user_active(%L, false);', l.userid) as fix
    from postern.look_alike_users() as l;
comment on view postern_internal.look_alike_user is 'Check of postern.doctor: active users whose ids differ and look alike.';
