-- A ticket has the salt of the entries that it opens, and the names. Upkeep deletes it some hours later. The user stays
-- inactive while this transaction runs: otherwise a ticket could be made meanwhile.
--
-- The ticket of a wrong response opens nothing, and its entry has a salt of its own. It must not count: anybody can type
-- a name, and could keep the person from being forgotten by doing so every three hours.

create or replace function postern_internal.require_redactable(userid text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  person postern_internal.end_user;
  expires_at timestamptz;
begin
  perform postern_internal.require_text(userid, 'userid', 128);
  select e.* into person from postern_internal.end_user as e where e.userid = require_redactable.userid for share;
  if person.db_role = session_user then
    raise exception using
      errcode = '55000',
      message = 'Nobody can redact their own entries',
      detail = format('The login %I is that of the user %s.', session_user, to_jsonb(userid)),
      hint = 'Have another member of postern_redactor do it.';
  end if;
  if person.active then
    raise exception using
      errcode = '55000',
      message = 'The user is active',
      detail = format('%s may still approve, and new entries would name the user again.', to_jsonb(userid)),
      hint = format('If no law or dispute needs the entries any more, have an administrator run: select postern.set_user_active(%L, false); then redact.', userid);
  end if;
  select max(t.expires_at)
    into expires_at
    from (select t.expires_at from postern_internal.ticket as t where t.verdict = 'accepted' and require_redactable.userid in (t.userid, t.authenticated_by)
           union all
          select o.expires_at from postern_internal.open_gate as o where require_redactable.userid in (o.userid, o.authenticated_by)) as t;
  if expires_at is not null then
    raise exception using
      errcode = '55000',
      message = 'Tickets still name the user',
      detail = format('The last one expired at %s. Upkeep deletes it 3 hours later.', expires_at),
      hint = 'Wait until then, run: select * from postern.maintain(); and redact again.';
  end if;
end
$$;
revoke execute on function postern_internal.require_redactable(text) from public;
comment on function postern_internal.require_redactable(text) is
'Raises an error if the log must not forget a person yet. userid: in its original spelling; it need not be a user, because wrong names are logged too. Errors: PS107 argument, 55000 the user is active, or has accepted tickets, or is the caller.';
