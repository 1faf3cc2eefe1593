-- The credentials with which end users authenticate at a checkpoint, and their failed attempts.

create table postern_internal.scheme (
  scheme text primary key check (scheme ~ '^[A-Z][A-Z0-9_]{0,29}$'),
  verify_function text,
  enabled boolean not null default true
);
comment on table postern_internal.scheme is 'Ways to authenticate at a checkpoint. A function (userid text, response text, challenge jsonb) returns boolean gives the verdict; the built-in PIN, TOTP and PASSKEY have none here. The function is stored by name, as text, because pg_upgrade refuses tables with a regprocedure.';

insert into postern_internal.scheme (scheme, enabled) values ('PIN', true), ('TOTP', false), ('PASSKEY', false);

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
  totp_secret bytea check (octet_length(totp_secret) = 20),
  totp_pending bytea check (octet_length(totp_pending) = 20),
  totp_step bigint not null default 0,
  passkey_counts bigint[] not null default array_fill(0::bigint, array[10]),
  last_filler uuid not null default gen_random_uuid()
);
comment on table postern_internal.credential is 'One row per user. hash: the PIN as bcrypt over a keyed digest (NULL: none yet). must_change: set by an administrator, opens only POSTERN_PIN_CHANGE. Then the wrong responses and lock-outs since the last right response. denials, cancels: how many the sessions of this user have committed since the time beside it; after an hour the count starts again. unlocked_at: when an administrator last ended a lock-out; no attempt changes it. totp_secret: what the user''s authenticator app shares with this database (RFC 6238; NULL: none); totp_pending: the same for an app that is not confirmed yet; totp_step: the 30 seconds of the last accepted code, since the Unix epoch. passkey_counts: what each passkey last said of how often it has signed, by its number; they are here, because each attempt writes this row and no other. The fillers are new at each attempt: WAL omits the common beginning and end of the old and the new row, so without them its size would tell a right response from a wrong one.';

create table postern_internal.passkey (
  userid text not null references postern_internal.end_user,
  number integer not null check (number between 1 and 10),
  passkey_id bytea not null check (octet_length(passkey_id) between 16 and 1023),
  public_key bytea not null,
  name text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (userid, number),
  unique (passkey_id)
);
comment on table postern_internal.passkey is 'Public keys of end users'' passkeys (WebAuthn). public_key: a SubjectPublicKeyInfo of P-256 or RSA. number: the element of credential.passkey_counts.';
