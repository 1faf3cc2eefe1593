-- Settings, gates, and the tickets that open them for one transaction.

create table postern_internal.setting (
  name text primary key,
  value text not null,
  kind text not null check (kind in ('boolean', 'integer')),
  minimum integer,
  maximum integer,
  default_value text not null,
  description text not null
);
comment on table postern_internal.setting is 'Settings of Postern in this database, with what each may be set to.';

insert into postern_internal.setting (name, value, kind, minimum, maximum, default_value, description) values
  ('checkpoints_enabled', 'true',  'boolean', null, null, 'true',  'Whether gates stop anybody. POSTERN_PIN_CHANGE always does.'),
  ('all_users_valid',     'false', 'boolean', null, null, 'false', 'Whether another user may approve with own user name and PIN. The log then names both.'),
  ('comment_required',    'false', 'boolean', null, null, 'false', 'Whether an approval needs a comment.'),
  ('username_prefilled',  'true',  'boolean', null, null, 'true',  'Whether the dialog is told the user name, or it has to be typed again.'),
  ('ticket_seconds',      '120',   'integer', 5,    3600, '120',   'Seconds in which an approved transaction has to be sent again.'),
  ('challenge_seconds',   '300',   'integer', 10,   3600, '300',   'Seconds in which a challenge has to be answered.'),
  ('max_failures',        '5',     'integer', 1,    20,   '5',     'Wrong responses in a row after which the credential is locked.'),
  ('lock_minutes',        '30',    'integer', 1,    10080, '30',   'Minutes for which a credential is locked. Each further lock-out without a right response in between doubles them.'),
  ('max_lock_minutes',    '1440',  'integer', 1,    10080, '1440', 'Minutes that a lock-out has at the most, however many came before. Less than lock_minutes: they stay as they are.'),
  ('denials_per_hour',    '30',    'integer', 1,    1000000, '30', 'Denied attempts in the sessions of a user within an hour, after which further attempts are refused.'),
  ('cancels_per_hour',    '60',    'integer', 1,    1000000, '60', 'Cancelled checkpoints in the sessions of a user within an hour, after which further cancels are refused.'),
  ('pin_min_length',      '6',     'integer', 4,    64,   '6',     'Characters that a new PIN needs at the least.'),
  ('token_max_seconds',   '3600',  'integer', 60,   86400, '3600', 'Seconds from iat to exp that a session token may have at the most.');

create table postern_internal.gate (
  gate_id text primary key,
  description text not null,
  message text not null,
  message_template text not null,
  parameters text[] not null,
  unbound_parameters text[] not null,
  active boolean not null,
  built_in boolean not null default false,
  stops boolean not null default true,
  exclusive boolean not null default false,
  message_administered boolean not null default false,
  active_administered boolean not null default false,
  registered_at timestamptz not null default clock_timestamp(),
  check (exclusive or not built_in)
);
comment on table postern_internal.gate is 'Registered gates. What an administrator set (..._administered) survives the registration of an upgrade. An exclusive gate is opened only by a ticket of its own, which opens nothing else. A built-in gate is exclusive, always on, and takes the user''s own credential alone. stops: whether the gate stops anybody, derived from active, built_in and the setting checkpoints_enabled by derive_gate_stops. message_template: the message, as substitute wants it.';

-- Compared by a fold that asks no locale: gate ids are ASCII.
create unique index gate_spelling on postern_internal.gate (upper(gate_id collate "C"));

insert into postern_internal.gate (gate_id, description, message, message_template, parameters, unbound_parameters, active, built_in, exclusive)
values ('POSTERN_PIN_CHANGE', 'A person changes their own PIN', 'PIN changed', 'PIN changed', '{}', '{}', true, true, true);

create type postern_internal.verdict as enum ('accepted', 'denied', 'locked');
comment on type postern_internal.verdict is 'How an authentication ended. An enum, so that a row is as long for one verdict as for another.';

create table postern_internal.ticket (
  ticket uuid primary key,
  nonce text collate "C" not null,
  verdict postern_internal.verdict not null,
  locked_until timestamptz not null,
  userid text not null,
  authenticated_by text not null,
  scheme text not null,
  comment text,
  gate_id text not null,
  exclusive boolean not null,
  action text,
  digest bytea not null,
  parameters text not null,
  message text not null,
  session_role name not null default session_user,
  transaction_id xid8 not null default pg_current_xact_id(),
  expires_at timestamptz not null
);
create index ticket_userid on postern_internal.ticket (userid);
comment on table postern_internal.ticket is 'Verdicts of authentications, readable only by a later transaction. nonce: of the challenge that it answers, as text, which each pass compares with a setting. exclusive: whether it opens its own gate only. digest and parameters: what was approved; parameters are the text of a jsonb. locked_until is -infinity where nothing is locked.';

create table postern_internal.open_gate (
  nonce text collate "C" primary key,
  ticket uuid not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  opened_at timestamptz not null default transaction_timestamp(),
  userid text not null,
  authenticated_by text not null,
  scheme text not null,
  comment text,
  gate_id text not null,
  exclusive boolean not null,
  action text,
  digest bytea not null,
  parameters text not null,
  message text not null,
  session_role name not null default session_user,
  expires_at timestamptz not null,
  session text not null,
  passed boolean not null default false
);
comment on table postern_internal.open_gate is 'Tickets in use, and used ones. By nonce, so that a challenge opens gates once, whichever of its answers does. A gate is open for the transaction that transaction_id and opened_at name together: after a dump and restore the new cluster counts its transactions anew, and a number alone could come back. session: the setting postern.session, as it was checked when the gates were opened. passed: whether an exclusive gate was passed with it; that it cannot be again.';
