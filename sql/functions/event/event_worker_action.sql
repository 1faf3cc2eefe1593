-- This is the only place to read a webhook's secret. Only members of postern_event_worker may read it, through a login
-- that this database allows. Others get an error: with an empty list, a worker would be idle for no visible reason.

create or replace view postern.event_worker_action
with (security_barrier)
as
  select a.name, a.event, a.kind::text as kind, a.target, a.condition, a.template, a.allow_internal,
         array(select 'whsec_' || pg_catalog.encode(s.secret, 'base64')
                 from postern_internal.webhook_secret as s
                where s.event_action_id = a.event_action_id
                  and (s.expires_at is null or s.expires_at > pg_catalog.now())
                order by s.webhook_secret_id desc) as secrets
    from postern_internal.event_action as a
    join postern_internal.event as e on e.event = a.event and e.enabled
   where a.disabled_at is null
     and postern.check_allowed_login('postern_event_worker');
revoke all on postern.event_worker_action from public;
grant select on postern.event_worker_action to postern_event_worker;
comment on view postern.event_worker_action is 'For the worker of events: the enabled actions of enabled events, with the secrets that sign webhooks, newest first.';
