-- Settings, gates, and the tickets that open them for one transaction.

create table postern_internal.setting (
  name text primary key,
  value text not null,
  kind text not null check (kind in ('boolean', 'integer', 'kinds', 'text')),
  minimum integer,
  maximum integer,
  default_value text not null,
  description text not null
);
comment on table postern_internal.setting is 'Settings of Postern in this database, with their allowed values. kind: boolean; integer, from minimum to maximum; kinds, a list of kinds of changes of the administration.';

insert into postern_internal.setting (name, value, kind, minimum, maximum, default_value, description) values
  ('checkpoints_enabled', 'true',  'boolean', null, null, 'true',  'Whether gates stop transactions. Built-in gates always do.'),
  ('all_users_valid',     'false', 'boolean', null, null, 'false', 'Whether another user may approve with their own user name and PIN. The log then names both.'),
  ('comment_required',    'false', 'boolean', null, null, 'false', 'Whether an approval needs a comment.'),
  ('username_prefilled',  'true',  'boolean', null, null, 'true',  'Whether the dialog is given the user name. If not, the user has to type it.'),
  ('ticket_seconds',      '120',   'integer', 5,    3600, '120',   'Seconds within which an approved transaction has to be sent again.'),
  ('challenge_seconds',   '300',   'integer', 10,   3600, '300',   'Seconds within which a challenge has to be answered.'),
  ('max_failures',        '5',     'integer', 1,    20,   '5',     'Consecutive wrong responses after which the credential is locked.'),
  ('lock_minutes',        '30',    'integer', 1,    10080, '30',   'Minutes for which a credential is locked. Each further lock-out without a right response in between doubles them.'),
  ('max_lock_minutes',    '1440',  'integer', 1,    10080, '1440', 'Longest lock-out in minutes, however many came before. If it is less than lock_minutes, lock-outs always take lock_minutes.'),
  ('denials_per_hour',    '30',    'integer', 1,    1000000, '30', 'Denied attempts in the sessions of a user within an hour, after which further attempts are refused.'),
  ('cancels_per_hour',    '60',    'integer', 1,    1000000, '60', 'Cancelled checkpoints in the sessions of a user within an hour, after which further cancels are refused.'),
  ('pin_min_length',      '6',     'integer', 4,    64,   '6',     'Minimum number of characters of a new PIN.'),
  ('token_max_seconds',   '3600',  'integer', 60,   86400, '3600', 'Longest lifetime of a session token, from iat to exp, in seconds.'),
  ('administration_gate', 'none',  'kinds',   null, null,  'none', 'Which changes of the administration need the approval of the administrator: none; all; or kinds of objects, separated by commas. Changes of users, their PINs and passkeys, logins, session keys and settings then always need it.'),
  ('passkey_domain',      '',      'text',    null, null, '',      'The domain for which passkeys are made (RP id), such as example.com. If it is empty, no passkey approves.'),
  ('passkey_origins',     '',      'text',    null, null, '',      'The origins of the pages on which a passkey may approve, separated by spaces, such as https://erp.example.com.');

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
  schemes text[],
  message_administered boolean not null default false,
  active_administered boolean not null default false,
  registered_at timestamptz not null default clock_timestamp(),
  check (exclusive or not built_in),
  check (exclusive or schemes is null)
);
comment on table postern_internal.gate is 'Registered gates. What an administrator set (..._administered) survives the registration of an upgrade. An exclusive gate is opened only by its own ticket, which opens nothing else. A built-in gate is exclusive, cannot be switched off, and accepts only the user''s own credential. schemes: those that the gate accepts, the usual one first; NULL: all that are enabled. A gate that has some is exclusive, or the approval of another gate would open it with another scheme. stops: whether the gate stops transactions, derived from active, built_in and the settings checkpoints_enabled and administration_gate by derive_gate_stops. message_template: the message in the form that substitute reads.';

-- Folded without a locale: gate ids are ASCII.
create unique index gate_spelling on postern_internal.gate (upper(gate_id collate "C"));

insert into postern_internal.gate (gate_id, description, message, message_template, parameters, unbound_parameters, active, built_in, stops, exclusive, schemes)
values ('POSTERN_PIN_CHANGE', 'A person changes their own PIN', 'PIN changed', 'PIN changed', '{}', '{}', true, true, true, true, '{PIN}'),
       ('POSTERN_ADMINISTRATION', 'An administrator changes who may do what', '&CHANGES (changes: &COUNT, digest: &DIGEST)',
        '%2$s (changes: %1$s, digest: %3$s)', '{COUNT,CHANGES,DIGEST}', '{}', false, true, false, true, '{PIN}'),
       ('POSTERN_TOTP_ENROL', 'A person enrols an authenticator app', 'Authenticator app enrolled', 'Authenticator app enrolled', '{}', '{}', true, true, true, true, '{PIN}'),
       ('POSTERN_TOTP_CONFIRM', 'A person confirms a new authenticator app with its first code', 'Authenticator app &APP confirmed', 'Authenticator app %1$s confirmed', '{APP}', '{}', true, true, true, true, '{TOTP}'),
       ('POSTERN_PASSKEY_FIRST', 'A person enrols their first passkey', 'Passkey &NAME enrolled (&KEY)', 'Passkey %1$s enrolled (%2$s)', '{NAME,KEY}', '{}', true, true, true, true, '{PIN}'),
       ('POSTERN_PASSKEY_ADD', 'A person enrols another passkey', 'Passkey &NAME enrolled (&KEY)', 'Passkey %1$s enrolled (%2$s)', '{NAME,KEY}', '{}', true, true, true, true, '{PASSKEY}');

create type postern_internal.verdict as enum ('accepted', 'denied', 'locked');
comment on type postern_internal.verdict is 'The outcome of an authentication. An enum, so that a row has the same length for every verdict.';

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
  expires_at timestamptz not null,
  salt uuid not null default gen_random_uuid()
);
create index ticket_expires_at on postern_internal.ticket (expires_at);
comment on table postern_internal.ticket is 'Verdicts of authentications, readable only by a later transaction. nonce: of the answered challenge, as text, because each pass compares it with a setting. exclusive: whether the ticket opens only its own gate. digest and parameters: what was approved; parameters are the text of a jsonb. locked_until: -infinity if nothing is locked. salt: for the log entries of the passes that the ticket opens. It is drawn here, because a pass would pay 3 microseconds for its own.';

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
  passed boolean not null default false,
  guarded boolean not null default false,
  salt uuid not null default gen_random_uuid()
);
comment on table postern_internal.open_gate is 'Used tickets, including those in use. The key is the nonce, so that a challenge opens gates only once, whichever of its answers is used. A gate is open for the transaction identified by transaction_id and opened_at together: after a dump and restore the new cluster counts its transactions anew, so a number alone could recur. session: the setting postern.session as it was verified when the gates were opened. passed: whether an exclusive gate has used this ticket, which it can only once. guarded: whether the guard of a table has, which it also can once: a function''s gate and the guard are one approval. salt: of the ticket.';
