-- One place for the checks of add_event_action and change_event_action. CheckWebhook in internal/event checks a URL in
-- the same way, and more strictly if it contains an address; a test compares the two.

create or replace function postern_internal.require_event_receiver(
  event text,
  kind text,
  target text,
  condition text,
  template text,
  allow_internal boolean
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
begin
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
    when kind = 'webhook' and target !~* '^https?://[^/?#@[:space:]]+([/?][^#@[:space:]]*)?$'
      then 'The target of a webhook is a URL with https:// or http://, without user, password and fragment.'
    when kind = 'webhook' and not allow_internal and target !~* '^https://'
      then 'A webhook that leaves your network must use https.'
    when kind = 'mail' and target !~ E'^[^@[:space:]<>(),;:\\\\"]+@[^@[:space:]<>(),;:\\\\"]+$'
      then 'The target of a mail is one address such as audit@example.com.'
    when kind = 'notify' and target !~ '^[a-z_][a-z0-9_]{0,62}$'
      then 'The target of a notification is a channel of 1 to 63 lower-case letters, digits and underscores.'
    when kind = 'function' and postern_internal.event_function(target) is null
      then 'The target is not a function (event jsonb) returns void that is SECURITY DEFINER, has its search_path set, and is granted directly to postern_event_function.'
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
      hint = case when kind = 'function' then 'Have the owner of the function allow it: grant execute on function app.on_approval(jsonb) to postern_event_function.'
                  when kind = 'webhook' then 'Pass allow_internal for a receiver inside your network.'
                  else 'See the comment on postern.add_event_action.' end;
  end if;
  if kind = 'function' then
    return (
      select format('%I.%I', n.nspname, p.proname)
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
       where p.oid = postern_internal.event_function(target));
  end if;
  return target;
end
$$;
revoke execute on function postern_internal.require_event_receiver(text, text, text, text, text, boolean) from public;
comment on function postern_internal.require_event_receiver(text, text, text, text, text, boolean) is
'The target as it is stored: a function by its full name, any other target unchanged. Errors: PS107 this action could not notify anybody.';
