-- The credentials with which end users authenticate at a checkpoint, and their failed attempts.

create table postern_internal.scheme (
  scheme text primary key check (scheme ~ '^[A-Z][A-Z0-9_]{0,29}$'),
  verify_function text,
  enabled boolean not null default true
);
comment on table postern_internal.scheme is 'Ways to authenticate at a checkpoint. A function (userid text, response text, challenge jsonb) returns boolean gives the verdict; the built-in PIN has none here. The function is stored by name, as text, because pg_upgrade refuses tables with a regprocedure.';

insert into postern_internal.scheme (scheme) values ('PIN');

create table postern_internal.credential (
  first_filler uuid not null default gen_random_uuid(),
  userid text primary key references postern_internal.end_user,
  hash text,
  must_change boolean not null default true,
  changed_at timestamptz,
  changed_by name,
  failures integer not null default 0,
  lockouts integer not null default 0,
  locked_until timestamptz not null default '-infinity',
  denials integer not null default 0,
  denials_since timestamptz not null default '-infinity',
  cancels integer not null default 0,
  cancels_since timestamptz not null default '-infinity',
  unlocked_at timestamptz,
  last_filler uuid not null default gen_random_uuid()
);
comment on table postern_internal.credential is 'One row per user. hash: the PIN as bcrypt over a keyed digest (NULL: none yet). must_change: set by an administrator, opens only POSTERN_PIN_CHANGE. Then the wrong responses and lock-outs since the last right response. denials, cancels: how many the sessions of this user have committed since the time beside it; after an hour the count starts again. unlocked_at: when an administrator last ended a lock-out; no attempt changes it. The fillers are new at each attempt: WAL omits the common beginning and end of the old and the new row, so without them its size would tell a right response from a wrong one.';
