-- The log's Merkle tree (RFC 6962), with which outsiders can tell whether the log was changed.

create table postern_internal.leaf (
  leaf_number bigint primary key check (leaf_number >= 0),
  log_id bigint not null unique,
  hashes bytea not null check (octet_length(hashes) >= 32 and octet_length(hashes) <= 2048 and octet_length(hashes) % 32 = 0)
);
comment on table postern_internal.leaf is 'The tree, append-only: which entry of the log is which leaf. hashes: 32 octets each, the hash of the leaf, then that of each subtree that this leaf completes, smallest first; over all leaves in order these are the stored hashes of golang.org/x/mod/sumdb/tlog. No foreign key: leaves stay when the months of their entries are dropped.';

create table postern_internal.tree_head (
  tree_size bigint primary key check (tree_size > 0),
  root_hash bytea not null check (octet_length(root_hash) = 32),
  note text not null,
  signed_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.tree_head is 'Signed tree heads, append-only, for convenience: trust only the copy outside the database. note: a C2SP tlog-checkpoint.';

create table postern_internal.sealing (
  only_row boolean primary key default true check (only_row),
  tree_size bigint not null,
  snapshot pg_snapshot,
  place postern_internal.place
);
insert into postern_internal.sealing (tree_size) values (0);
comment on table postern_internal.sealing is 'How far the log is sealed. Sealing locks this row. snapshot: every entry that it sees has a leaf; it has a meaning only in the cluster of place. place: the database that is sealed; no copy of it is. An entry that the snapshot would have seen but that has no leaf did not exist then.';

create table postern_internal.log_export (
  log_export_id bigint generated always as identity primary key,
  since timestamptz not null,
  until timestamptz not null,
  tree_size bigint not null,
  exported_at timestamptz not null default clock_timestamp(),
  exported_by name not null default session_user
);
comment on table postern_internal.log_export is 'Which entries were written to files with their proofs, append-only: those from since (inclusive) to until (exclusive), under the head of tree_size leaves.';

create table postern_internal.log_drop (
  log_drop_id bigint generated always as identity primary key,
  since timestamptz not null,
  until timestamptz not null,
  dropped_at timestamptz not null default clock_timestamp(),
  dropped_by name not null default session_user
);
comment on table postern_internal.log_drop is 'Which months of the log were dropped, append-only: those from since (inclusive) to until (exclusive).';
