-- As an escaped literal that shows which letters are meant: retyping what is visible would name the other user.

create or replace view postern_internal.look_alike_user as
  select 'warn' as level, 'look_alike_user' as code, 'user ' || l.userid as object,
         'Two users cannot be told apart by sight' as title,
         format('%s looks like %L, which is older. Somebody who reads the log, or a dialog, may take one for the other.', c.literal, l.older) as detail,
         format('Find out who each of them is. If one should not exist: select postern.set_user_active(%s, false);', c.literal) as fix
    from postern.look_alike_users() as l
   cross join lateral (
     select case when octet_length(l.userid) = length(l.userid) then quote_literal(l.userid)
                 else 'U&''' || string_agg(case when r.character in ('''', E'\\') then r.character || r.character
                                                when ascii(r.character) < 128 then r.character
                                                when ascii(r.character) < 65536 then E'\\' || lpad(to_hex(ascii(r.character)), 4, '0')
                                                else E'\\+' || lpad(to_hex(ascii(r.character)), 6, '0') end, '' order by r.position) || '''' end as literal
       from string_to_table(l.userid, null) with ordinality as r (character, position)
   ) as c;
comment on view postern_internal.look_alike_user is 'Check of postern.doctor: active users whose ids differ but look alike.';
