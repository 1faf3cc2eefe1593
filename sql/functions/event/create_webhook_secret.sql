create or replace function postern_internal.create_webhook_secret(event_action_id integer)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan  -- a plan without values, because auto_explain may log it
as $$
declare
  new_secret constant bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
  insert into postern_internal.webhook_secret (event_action_id, secret) values (create_webhook_secret.event_action_id, new_secret);
  return 'whsec_' || encode(new_secret, 'base64');
end
$$;
revoke execute on function postern_internal.create_webhook_secret(integer) from public;
comment on function postern_internal.create_webhook_secret(integer) is
'Creates the secret of a webhook, and returns it in the form that the receiver needs. event_action_id: of an action; all secrets that it already has must have an expiry.';
