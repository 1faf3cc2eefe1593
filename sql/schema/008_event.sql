-- Events, their receivers, and what is still to be delivered.
--
-- The log is the outbox: it is written in the business transaction and never changes, so events add no cost to passing
-- a gate. New entries are found by comparing snapshots. A sequence would not do, because its order is not that of
-- commits. An entry is queued if its transaction had not committed in one snapshot, and has in the next.

create table postern_internal.event (
  event text primary key,
  outcome postern_internal.outcome not null unique,
  description text not null,
  enabled boolean not null default true
);
comment on table postern_internal.event is 'Events, and the outcome of log entries that each stands for.';

insert into postern_internal.event (event, outcome, description) values
  ('SECURITY_CHECKPOINT_SUCCESS', 'passed', 'A checkpoint was passed, and the business transaction has committed.'),
  ('SECURITY_CHECKPOINT_DENIED',  'denied', 'A user name or a response was wrong.'),
  ('SECURITY_CHECKPOINT_LOCKED',  'locked', 'A response was wrong, and locked the credential.'),
  ('SECURITY_ADMINISTRATION', 'administered', 'A transaction changed who may do what, and has committed.');

insert into postern_internal.setting (name, value, kind, minimum, maximum, default_value, description) values
  ('event_attempts', '15', 'integer', 1, 100,   '15', 'Attempts to deliver an event, after which it is a dead letter.'),
  ('event_days',     '30', 'integer', 1, 36500, '30', 'Days for which the record of a delivery is kept.');

create type postern_internal.event_action_kind as enum ('webhook', 'mail', 'function', 'notify');
comment on type postern_internal.event_action_kind is 'How an event action notifies its receiver.';

create table postern_internal.event_action (
  event_action_id integer generated always as identity primary key,
  name text not null unique,
  event text not null references postern_internal.event,
  kind postern_internal.event_action_kind not null,
  target text not null,
  condition text,
  template text,
  allow_internal boolean not null default false,
  queued_to pg_snapshot not null,
  queued_at timestamptz not null default clock_timestamp(),
  after_log_id bigint not null,
  place postern_internal.place not null,
  disabled_at timestamptz,
  disabled_reason text,
  created_at timestamptz not null default clock_timestamp(),
  created_by name not null default session_user
);
create index event_action_event on postern_internal.event_action (event);
comment on table postern_internal.event_action is 'The receivers of each event, and how they are notified. target: a URL, a mail address, a function or a channel. queued_to: log entries visible in this snapshot have been queued, or are older than the action. after_log_id: entries up to this one came from another cluster. place: the database that delivers; no copy of it does. disabled_at, disabled_reason: since when and why nothing is delivered; what there is to deliver waits.';

create table postern_internal.webhook_secret (
  webhook_secret_id integer generated always as identity primary key,
  event_action_id integer not null references postern_internal.event_action on delete cascade,
  secret bytea not null check (length(secret) = 32),
  expires_at timestamptz
);
create unique index webhook_secret_newest on postern_internal.webhook_secret (event_action_id) where expires_at is null;
create index webhook_secret_event_action on postern_internal.webhook_secret (event_action_id);
comment on table postern_internal.webhook_secret is 'The secrets that sign webhooks. Separate from the actions, so that reading those never shows a secret. expires_at: until when deliveries are signed with this secret as well as with the newest one, which has none.';

create type postern_internal.delivery_state as enum ('pending', 'delivered', 'skipped', 'dead');
comment on type postern_internal.delivery_state is 'The state of a delivery. skipped: the condition of its action did not hold. dead: it failed as often as is allowed.';

create table postern_internal.event_delivery (
  event_action_id integer not null references postern_internal.event_action on delete cascade,
  log_id bigint not null,
  delivery_id uuid not null default gen_random_uuid(),
  state postern_internal.delivery_state not null default 'pending',
  attempts integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  leased_until timestamptz not null default '-infinity',
  lease uuid,
  finished_at timestamptz,
  last_error text,
  primary key (event_action_id, log_id)
) with (fillfactor = 70);
create index event_delivery_due on postern_internal.event_delivery (event_action_id, due_at) where state = 'pending';
create index event_delivery_finished on postern_internal.event_delivery (finished_at) where finished_at is not null;
comment on table postern_internal.event_delivery is 'One row for each log entry that an action has to deliver. All changes of the administration that one transaction made are one delivery, by the first of their entries. delivery_id: lets the receiver recognise repetitions. lease: identifies the worker that has claimed it until leased_until. skipped: the condition did not hold. No foreign key to the log, whose old months may be dropped.';
