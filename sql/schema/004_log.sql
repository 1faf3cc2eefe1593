-- The log of checkpoints.

create type postern_internal.outcome as enum ('passed', 'denied', 'cancelled', 'accepted', 'locked', 'refused', 'administered');
comment on type postern_internal.outcome is 'What a log entry records. accepted: a right response, not yet used; kept so that an authentication writes the same rows whatever its verdict. locked: a denial that locks the credential. refused: an attempt with a locked credential, whose response was not checked. Readers see both locked and refused as denied. administered: a change of who may do what, which postern.administration_log shows.';

create type postern_internal.place as (system_identifier bigint, timeline bigint, database_oid oid, log_oid oid);
comment on type postern_internal.place is 'Which database this is, as far as it can tell. system_identifier: the cluster; physical copies share it. timeline: changes with a promotion, and with a recovery to a point in time. database_oid: differs in a copy within the cluster, and stays when the database is renamed. log_oid: the oid of the log''s table, which differs after a restored dump.';

-- A promoted standby may lack the end of the log, and its sequences stand where that end began. Ids therefore skip
-- ahead on each new timeline, so that no lost log_id is given to another entry. Sequences store that, because nobody
-- can keep one locked.
create sequence postern_internal.log_number;
create sequence postern_internal.log_skip increment 10000000 minvalue 0 start 0;
create sequence postern_internal.log_timeline minvalue -2147483648;
comment on sequence postern_internal.log_number is 'Counts the entries of the log.';
comment on sequence postern_internal.log_skip is 'How many log_ids were skipped: a log_id is the sum of this and log_number.';
comment on sequence postern_internal.log_timeline is 'A hash of the timeline for which log_skip is valid. It is set, never increased.';
-- pg_walfile_name begins with the current timeline; pg_control_checkpoint learns of a new one later. Each function in
-- the default costs every pass of a gate a quarter of a microsecond, even if it is not called. Hashing the eight digits
-- takes two functions, reading them as a number takes five.
do $$
begin
  perform setval('postern_internal.log_skip', 0),
          setval('postern_internal.log_timeline', hashtext(left(pg_walfile_name(pg_current_wal_lsn()), 8)));
end
$$;

create table postern_internal.checkpoint_entry (
  log_id bigint not null default
    case hashtext(left(pg_walfile_name(pg_current_wal_lsn()), 8))
      when pg_sequence_last_value('postern_internal.log_timeline') then pg_sequence_last_value('postern_internal.log_skip')
      else nextval('postern_internal.log_skip')
           + 0 * setval('postern_internal.log_timeline', hashtext(left(pg_walfile_name(pg_current_wal_lsn()), 8)))
    end + nextval('postern_internal.log_number'),
  outcome postern_internal.outcome not null,
  gate_id text not null,
  action text,
  userid text,
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
  assertion text,
  salt uuid not null default gen_random_uuid(),
  salts bytea[],
  redactions bigint[],
  primary key (log_id, logged_at)
) partition by range (logged_at);
create index checkpoint_entry_transaction_id on postern_internal.checkpoint_entry (transaction_id);
create index checkpoint_entry_userid on postern_internal.checkpoint_entry (userid, gate_id, log_id);
create index checkpoint_entry_authenticated_by on postern_internal.checkpoint_entry (authenticated_by, gate_id, log_id) where authenticated_by is distinct from userid;
comment on table postern_internal.checkpoint_entry is 'The log, append-only. Read it through postern.checkpoint_log. ticket: the authentication that the entry is about, or that opened the gate. asked: whether the person was shown this gate, with the same values of its bound parameters; false if the approval of something else opened it. approved_gate_id, approved_message: what the person was shown, if it differs from the entry''s own. assertion: what a passkey has signed, of an attempt with one. salt: what makes the hashes of the personal columns in the entry''s leaf impossible to guess; the passes that one ticket opened have the same. salts, redactions: NULL unless something was redacted; then salt is the nil UUID, and both have an element for the number of each personal field in the leaf. redactions: the log_id of the entry that records why the field''s values are gone; NULL if they are there. salts: the field''s salt, or the hash that is left of it. userid is NULL only if it was redacted. If outcome is administered: action is the kind of object; userid is the user whom the change concerns, or empty; authenticated_by is the end user who made the change; parameters has key, before and after. Nothing about a person is in the columns that leaves have in the clear. One partition per month (UTC), by postern.create_log_partitions. Its sequences make log_id unique: a key over partitions would have to include logged_at.';

create table postern_internal.checkpoint_entry_default partition of postern_internal.checkpoint_entry default;
comment on table postern_internal.checkpoint_entry_default is 'Entries of months without a partition, so that no entry is ever refused.';

create table postern_internal.unapproved_change (
  log_id bigint primary key
);
comment on table postern_internal.unapproved_change is 'The administered entries of each transaction in progress that nobody has judged yet. A deferred trigger judges all of them at the end of the transaction and deletes them, so a committed row is a change that escaped the trigger.';
