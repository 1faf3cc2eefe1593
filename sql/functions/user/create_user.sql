create or replace function postern.create_user(
  userid text,
  description text,
  db_role name default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  new_folded text := postern_internal.fold_userid(userid);
  known text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(userid, 'userid', 128);
  perform postern_internal.require_text(description, 'description', 200);
  userid := normalize(userid, NFKC);
  if new_folded is null or length(userid) > 128 then
    raise exception using
      errcode = 'PS107',
      message = 'The user id is not usable',
      detail = format('userid is %s.', to_jsonb(userid)),
      hint = 'Use at most 128 letters, digits, signs and single inner spaces: no control, format, separator, invisible or unassigned characters, and no accent without a letter before it.';
  end if;
  perform postern_internal.require_db_role(db_role);
  insert into postern_internal.end_user (userid, folded, description, db_role)
  values (userid, new_folded, description, db_role)
  on conflict do nothing;
  if not found then
    select e.userid into known from postern_internal.end_user as e where e.folded = new_folded;
    raise exception using
      errcode = 'PS107',
      message = 'The user already exists, or the database role belongs to another user',
      detail = format('userid is %s, db_role is %s.', to_jsonb(userid), coalesce(quote_ident(db_role), 'NULL'))
               || coalesce(format(' There is %s, which is the same user id.', to_jsonb(known)), ''),
      hint = 'Choose a user id and a database role that are not in postern.user_account.';
  end if;
  insert into postern_internal.credential (userid) values (userid);
end
$$;
revoke execute on function postern.create_user(text, text, name) from public;
grant execute on function postern.create_user(text, text, name) to postern_admin;
comment on function postern.create_user(text, text, name) is
'Adds an end user. userid: 1 to 128 characters, kept as NFKC; ids that differ only in case are the same. It has no control, format, separator, invisible or unassigned characters except single inner spaces, and no word that begins with a combining mark. description: 1 to 200 characters. db_role: the login role that is this user when no session is begun. The user has no PIN until postern.reset_pin sets one. Errors: PS107 bad argument, user exists, role unknown or taken.';
