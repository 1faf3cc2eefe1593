-- name: ListEvents :many
-- The events, and how many deliveries wait.
select e.event, e.description, e.enabled, e.actions, e.pending, e.dead, e.disabled_actions
  from postern.event as e
 order by e.event;

-- name: SetEventEnabled :exec
-- Enables or disables the delivery of an event.
select postern.set_event_enabled(@event, @enabled);

-- name: AddEventAction :one
-- Adds a receiver that is notified of an event. Returns the secret that signs a webhook; it is empty for other kinds.
select coalesce(postern.add_event_action(@name, @event, @kind, @target, sqlc.narg('condition')::text, sqlc.narg('template')::text, @allow_internal), '')::text as secret;

-- name: RemoveEventAction :exec
-- Removes an event action: its receiver is no longer notified.
select postern.remove_event_action(@name);

-- name: ListEventActions :many
-- Which receiver is notified of which event, and how many deliveries wait.
select a.name, a.event, a.kind, a.target, a.condition, a.template, a.allow_internal, a.created_at, a.created_by,
       a.pending, a.dead, a.oldest_pending_at, a.disabled_at, a.disabled_reason
  from postern.event_action as a
 order by a.name;

-- name: RotateWebhookSecret :one
-- Gives a webhook a new secret. Deliveries are signed with the earlier ones as well for a while.
select postern.rotate_webhook_secret(@name, @overlap_seconds)::text as secret;

-- name: EnableEventAction :exec
-- Enables an action that was disabled because its receiver wanted no more events.
select postern.enable_event_action(@name);

-- name: DisableGoneEventAction :one
-- Disables an action whose receiver wants no more events. Returns whether it was enabled.
select postern.disable_gone_event_action(@name, @target, @reason)::boolean as disabled;

-- name: ListDeadEvents :many
-- Dead letters, newest first.
select d.name, d.event, d.log_id, d.delivery_id, d.attempts, d.finished_at, d.last_error
  from postern.event_delivery as d
 where d.state = 'dead'
   and (sqlc.narg('name')::text is null or d.name = sqlc.narg('name'))
 order by d.finished_at desc, d.name, d.log_id
 limit @page_size;

-- name: RetryEventDeliveries :one
-- Retries dead letters, and deliveries that wait for their next attempt, now. Returns how many.
select postern.retry_event_deliveries(sqlc.narg('name')::text, sqlc.narg('log_id')::bigint) as retried;

-- name: EventWorkerActions :many
-- What a worker has to know about the actions of enabled events.
select a.name, a.event, a.kind, a.target, a.condition, a.template, a.allow_internal, a.secrets
  from postern.event_worker_action as a
 order by a.name;

-- name: ConfirmEventTimeline :exec
-- Makes events continue after a failover if the worker's configuration names the new timeline. Errors: 55000 it does
-- not.
select postern.confirm_event_timeline(sqlc.narg('timeline')::bigint);

-- name: ClaimEventDeliveries :many
-- Claims what an action has to deliver now, as JSON objects.
select postern.claim_event_deliveries(@name, @maximum, @lease, @lease_seconds, @due_from) as delivery;

-- name: FinishEventDeliveries :one
-- Records the outcomes of deliveries. Returns how many were still leased.
select postern.finish_event_deliveries(@name, @lease, @log_ids::bigint[], @outcomes::text[], @delays::double precision[], @errors::text[]) as finished;

-- name: CallEventFunction :one
-- Makes a delivery by calling the function of an action. Returns the version of the function for which this session may
-- make more calls; empty if it may make none. version: what the last call returned; empty in a new session.
select coalesce(postern.call_event_function(@name, @lease, @log_id, nullif(@version::text, '')), '')::text as version;

-- name: EndSession :exec
-- Ends another session of the same user.
select pg_terminate_backend(@pid);

-- name: NotifyEvents :exec
-- Sends notifications when the transaction commits.
select pg_notify(@channel, payload) from unnest(@payloads::text[]) as payload;
