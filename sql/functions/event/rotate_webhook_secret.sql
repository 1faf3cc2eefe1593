-- Pending deliveries stay in the queue. Each is signed when it is sent, with every secret that is valid then.

create or replace function postern.rotate_webhook_secret(
  name text,
  overlap_seconds integer default 86400
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if overlap_seconds is null or overlap_seconds not between 0 and 2592000 then
    raise exception using
      errcode = 'PS107',
      message = 'The overlap is not usable',
      detail = format('overlap_seconds is %s.', coalesce(overlap_seconds::text, 'NULL')),
      hint = 'Pass 0 to 2592000 seconds (30 days); pass 0 if somebody else knows the secret.';
  end if;
  perform postern_internal.require_event_action(name);
  select a.event_action_id into action_id
    from postern_internal.event_action as a
   where a.name = rotate_webhook_secret.name and a.kind = 'webhook'
     for no key update;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The event action is not a webhook',
      detail = format('name is %s.', to_jsonb(name)),
      hint = 'Choose a webhook in postern.event_action: only webhooks are signed.';
  end if;
  delete from postern_internal.webhook_secret as s where s.event_action_id = action_id and s.expires_at <= clock_timestamp();
  -- Each secret adds a signature to the header, which must not grow without limit.
  if overlap_seconds > 0 and (select count(*) from postern_internal.webhook_secret as s where s.event_action_id = action_id) >= 5 then
    raise exception using
      errcode = 'PS107',
      message = 'The webhook has too many secrets',
      detail = format('5 overlap until %s.', (select min(s.expires_at) from postern_internal.webhook_secret as s where s.event_action_id = action_id)),
      hint = 'Wait until then, or pass an overlap of 0, which ends all secrets but the new one at once.';
  end if;
  update postern_internal.webhook_secret as s
     set expires_at = least(s.expires_at, clock_timestamp() + make_interval(secs => overlap_seconds))
   where s.event_action_id = action_id;
  return postern_internal.create_webhook_secret(action_id);
end
$$;
revoke execute on function postern.rotate_webhook_secret(text, integer) from public;
grant execute on function postern.rotate_webhook_secret(text, integer) to postern_admin;
comment on function postern.rotate_webhook_secret(text, integer) is
'Gives a webhook a new secret, and returns it; it is not shown again. name: of the action. overlap_seconds: how long each delivery is also signed with the earlier secrets, 0 to 2592000. What waits is delivered. Errors: PS107.';
