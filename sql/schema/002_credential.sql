-- What an end user authenticates with at a checkpoint, and how often that went wrong.

create table postern_internal.scheme (
  scheme text primary key check (scheme ~ '^[A-Z][A-Z0-9_]{0,29}$'),
  verify_function text,
  enabled boolean not null default true
);
comment on table postern_internal.scheme is 'Ways to authenticate at a checkpoint. A function (userid text, response text, challenge jsonb) returns boolean gives the verdict; PIN, which is built in, has none here. Its name is text, since pg_upgrade refuses tables with a regprocedure.';

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
  last_filler uuid not null default gen_random_uuid()
);
comment on table postern_internal.credential is 'One row a user: the PIN as bcrypt over a keyed digest (NULL: none yet; must_change: set by an administrator, opens POSTERN_PIN_CHANGE and nothing else), and the wrong responses and the lock-outs since the last right one. denials, cancels: how many the sessions of this user have committed since the time beside it; an hour after that they are counted anew. The fillers are new at each attempt: WAL leaves out what the old and the new row have in common at either end, so without them its bytes would tell a right response from a wrong one.';
