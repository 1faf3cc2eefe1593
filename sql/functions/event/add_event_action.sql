-- The condition and the template are not compiled here: whoever delivers does that, in a language that cannot touch the
-- database, and the command line does it before it adds them.

create or replace function postern.add_event_action(
  name text,
  event text,
  kind text,
  target text,
  condition text default null,
  template text default null,
  allow_internal boolean default false
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
  new_id integer;
  new_secret bytea;
begin
  if name is null or name !~ '^[A-Za-z][A-Za-z0-9_-]{0,62}$' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the event action is not usable',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Use 1 to 63 letters, digits, underscores and hyphens, beginning with a letter.';
  end if;
  perform postern_internal.require_event(event);
  perform postern_internal.require_text(target, 'target', 2000);
  if condition is not null then
    perform postern_internal.require_text(condition, 'condition', 2000);
  end if;
  if template is not null then
    perform postern_internal.require_text(template, 'template', 65536);
  end if;
  if allow_internal is null then
    raise exception using
      errcode = 'PS107',
      message = 'allow_internal is missing',
      detail = 'allow_internal is NULL.',
      hint = 'Pass true or false.';
  end if;

  reason := case
    when target ~ '[[:cntrl:]]' then 'The target has a control character.'
    when kind = 'webhook' and target !~ '^https?://[^/?#@[:space:]]+([/?][^#@[:space:]]*)?$'
      then 'The target of a webhook is a URL with https:// or http://, without user, password and fragment.'
    when kind = 'webhook' and not allow_internal and target !~ '^https://'
      then 'A webhook that leaves the own network is sent by https.'
    when kind = 'mail' and target !~ E'^[^@[:space:]<>(),;:\\\\"]+@[^@[:space:]<>(),;:\\\\"]+$'
      then 'The target of a mail is one address such as audit@example.com.'
    when kind = 'notify' and target !~ '^[a-z_][a-z0-9_]{0,62}$'
      then 'The target of a notification is a channel of 1 to 63 small letters, digits and underscores.'
    when kind = 'function' and postern_internal.event_function(target) is null
      then 'The target is no function (event jsonb) returns void that is SECURITY DEFINER, has its search_path set and was granted to postern_event_worker itself.'
    when kind not in ('webhook', 'mail', 'function', 'notify') or kind is null
      then format('kind is %s; it is webhook, mail, function or notify.', coalesce(to_jsonb(left(kind, 128))::text, 'NULL'))
    when template is not null and kind not in ('webhook', 'mail') then 'Only webhooks and mails have a template.'
    when allow_internal and kind <> 'webhook' then 'allow_internal is for webhooks.'
  end;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The event action is not usable',
      detail = reason,
      hint = case when kind = 'function' then 'Who owns the function allows it: grant execute on function app.on_approval(jsonb) to postern_event_worker.'
                  when kind = 'webhook' then 'For a receiver in the own network pass allow_internal.'
                  else 'See the comment on postern.add_event_action.' end;
  end if;
  if kind = 'function' then
    select format('%I.%I', n.nspname, p.proname) into strict target
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
     where p.oid = postern_internal.event_function(target);
  end if;

  insert into postern_internal.event_action (name, event, kind, target, condition, template, allow_internal, queued_to, after_log_id, system_identifier)
  select name, event, kind::postern_internal.event_action_kind, target, condition, template, allow_internal,
         postern_internal.event_snapshot(), postern_internal.restored_log_id(), c.system_identifier
    from pg_control_system() as c
  on conflict do nothing
  returning event_action_id into new_id;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is an event action of this name',
      detail = format('name is %s.', to_jsonb(name)),
      hint = 'Choose another name, or remove the other one first: postern.remove_event_action.';
  end if;
  if kind <> 'webhook' then
    return null;
  end if;
  new_secret := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  insert into postern_internal.webhook_secret (event_action_id, secret) values (new_id, new_secret);
  return 'whsec_' || encode(new_secret, 'base64');
end
$$;
revoke execute on function postern.add_event_action(text, text, text, text, text, text, boolean) from public;
grant execute on function postern.add_event_action(text, text, text, text, text, text, boolean) to postern_admin;
comment on function postern.add_event_action(text, text, text, text, text, text, boolean) is
'Has somebody told of an event, from what commits after this on. name: 1 to 63 letters, digits, underscores and hyphens. event: see postern.event. kind and target: webhook, a URL; mail, an address; function, one (event jsonb) returns void; notify, a channel. condition: an expression over the event''s parameters; NULL: always. template: the text of the mail or the body of the webhook. allow_internal: the webhook may go to an address of the own network. Returns the secret that the webhook is signed with, which is not shown again; NULL for other kinds. Errors: PS107.';
