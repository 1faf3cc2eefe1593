-- The condition and the template are not compiled here. The worker does that, in a language that cannot reach the
-- database; the command line does it before it adds them.

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
  new_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if name is null or name !~ '^[A-Za-z][A-Za-z0-9_-]{0,62}$' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the event action is not usable',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Use 1 to 63 letters, digits, underscores and hyphens, beginning with a letter.';
  end if;
  target := postern_internal.require_event_receiver(event, kind, target, condition, template, allow_internal);

  insert into postern_internal.event_action (name, event, kind, target, condition, template, allow_internal, queued_to, after_log_id, place)
  select name, event, kind::postern_internal.event_action_kind, target, condition, template, allow_internal,
         postern_internal.event_snapshot(), postern_internal.restored_log_id(), postern_internal.current_place()
  on conflict do nothing
  returning event_action_id into new_id;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'An event action of this name already exists',
      detail = format('name is %s.', to_jsonb(name)),
      hint = 'Choose another name, or change the existing action with postern.change_event_action.';
  end if;
  return case when kind = 'webhook' then postern_internal.create_webhook_secret(new_id) end;
end
$$;
revoke execute on function postern.add_event_action(text, text, text, text, text, text, boolean) from public;
grant execute on function postern.add_event_action(text, text, text, text, text, text, boolean) to postern_admin;
comment on function postern.add_event_action(text, text, text, text, text, text, boolean) is
'Adds a receiver that is notified of an event, from what commits after this on. name: 1 to 63 letters, digits, underscores and hyphens. event: see postern.event. kind and target: webhook, a URL; mail, an address; function, one (event jsonb) returns void; notify, a channel. condition: an expression over the event''s parameters; NULL: always. template: the text of the mail or the body of the webhook. allow_internal: the webhook may go to an address inside your network. Returns the secret that signs the webhook, which is not shown again; NULL for other kinds. Errors: PS107.';
