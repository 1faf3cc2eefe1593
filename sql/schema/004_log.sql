-- The log of checkpoints.

create type postern_internal.outcome as enum ('passed', 'denied', 'cancelled', 'accepted', 'locked', 'refused');
comment on type postern_internal.outcome is 'What a log entry tells. accepted: a right response, not yet used; kept so that an authentication writes the same rows whatever its verdict. locked: a denial that locks the credential. refused: an attempt with a credential that is locked, whose response was not looked at. Readers are shown both as denied.';

create table postern_internal.checkpoint_entry (
  log_id bigint generated always as identity,
  outcome postern_internal.outcome not null,
  gate_id text not null,
  action text,
  userid text not null,
  authenticated_by text,
  logged_at timestamptz not null default clock_timestamp(),
  message text not null,
  parameters jsonb not null,
  comment text,
  scheme text,
  session_role name not null default session_user,
  client_addr inet default inet_client_addr(),
  application_name text not null default current_setting('application_name'),
  transaction_id xid8 not null default pg_current_xact_id(),
  ticket uuid,
  asked boolean not null default true,
  approved_gate_id text,
  approved_message text,
  primary key (log_id, logged_at)
) partition by range (logged_at);
create index checkpoint_entry_transaction_id on postern_internal.checkpoint_entry (transaction_id);
comment on table postern_internal.checkpoint_entry is 'The log, append-only. Read it through postern.checkpoint_log. ticket: the authentication that the entry is about, or that opened the gate. asked: whether the person was shown this gate, with the same values of its bound parameters; false where the approval of something else opened it along. approved_gate_id, approved_message: what the person was shown, where it differs from the entry''s own. A partition for each month (UTC), by postern.create_log_partitions. log_id is unique by its sequence: a key of partitions has to have logged_at.';

create table postern_internal.checkpoint_entry_default partition of postern_internal.checkpoint_entry default;
comment on table postern_internal.checkpoint_entry_default is 'Entries of months without a partition, so that none is ever refused.';
