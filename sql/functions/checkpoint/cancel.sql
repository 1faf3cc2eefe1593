-- Logs a refusal too, since it shows that the dialog did its work. Works even after the challenge has expired.

create or replace function postern.cancel(
  challenge text,
  comment text default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  fields jsonb := postern_internal.read_challenge(challenge);
  credential postern_internal.credential;
begin
  perform postern_internal.refuse_read_only();
  comment := postern_internal.check_comment(comment);
  select c.* into strict credential from postern_internal.credential as c where c.userid = fields ->> 'user' for update;
  perform postern_internal.require_rate('cancels_per_hour', credential.cancels, credential.cancels_since);
  if credential.cancels_since > clock_timestamp() - interval '1 hour' then
    update postern_internal.credential as c set cancels = c.cancels + 1 where c.userid = credential.userid;
  else
    update postern_internal.credential as c set cancels = 1, cancels_since = clock_timestamp() where c.userid = credential.userid;
  end if;
  insert into postern_internal.checkpoint_entry (outcome, gate_id, action, userid, message, parameters, comment)
  values ('cancelled', fields ->> 'gate', fields ->> 'action', fields ->> 'user', fields ->> 'message', fields -> 'parameters', comment);
end
$$;
revoke execute on function postern.cancel(text, text) from public;
grant execute on function postern.cancel(text, text) to postern_user;
comment on function postern.cancel(text, text) is
'Logs that the user refused to approve. challenge: from PS101 or postern.challenge. comment: at most 2000 characters. Errors: PS103 the challenge is not valid, PS107 comment too long, PS110 too many within an hour, PS401, PS402; 25006 on a standby and in a read-only transaction.';
