-- Sealing the log, and reading what proofs are made of. The rows of the log themselves are read in internal/seal: sqlc
-- takes what a function returns for not null.

-- name: SealedUntil :one
-- How far the log was sealed; snapshot is empty where nothing was sealed in this cluster.
select tree_size::bigint as tree_size, coalesce(snapshot::text, '')::text as snapshot from postern.sealed_until();

-- name: BeginSealing :one
-- Makes this transaction the only one that seals the log; no row if another one is sealing it. Errors: 55000 the log was
-- sealed in another place; 40001 another transaction has just sealed it.
select tree_size::bigint as tree_size, coalesce(snapshot::text, '')::text as snapshot, is_new_place::boolean as is_new_place
  from postern.begin_sealing(sqlc.narg('confirmed_timeline')::bigint, sqlc.narg('confirmed_database')::text);

-- name: RestartLog :one
-- Has new log_ids lie above those that were lost; says which database this is, and how many ids were given out again.
select place::text as place, timeline::bigint as timeline, reused::bigint as reused
  from postern.restart_log(sqlc.narg('lowest_lost')::bigint, sqlc.narg('highest_lost')::bigint);

-- name: LeafLogIDs :one
-- The lowest and the highest log_id of the leaves from a number on; 0 where there are none.
select coalesce(lowest, 0)::bigint as lowest, coalesce(highest, 0)::bigint as highest from postern.leaf_log_ids(@first_leaf::bigint);

-- name: AppendLeaves :one
-- Makes entries the next leaves; returns the number of leaves.
select postern.append_leaves(@log_ids::bigint[], @hashes::bytea[])::bigint as tree_size;

-- name: EndSealing :exec
select postern.end_sealing();

-- name: RecordHead :exec
select postern.record_head(@tree_size::bigint, @root_hash::bytea, @note::text);

-- name: LeavesByNumber :many
-- The leaves with these numbers.
select l.leaf_number, l.hashes from postern.log_leaf as l where l.leaf_number = any(@leaf_numbers::bigint[]);

-- name: LeafPage :many
-- Leaves from a number on, in order.
select l.leaf_number, l.log_id, l.hashes
  from postern.log_leaf as l
 where l.leaf_number >= @first_leaf
 order by l.leaf_number
 limit @page_size;

-- name: LeafOfEntry :one
-- The leaf of an entry of the log.
select l.leaf_number, l.hashes from postern.log_leaf as l where l.log_id = @log_id;

-- name: HeadPage :many
-- Signed tree heads of more than so many leaves, in order.
select h.tree_size, h.root_hash, h.note, h.signed_at
  from postern.log_head as h
 where h.tree_size > @tree_size
 order by h.tree_size
 limit @page_size;

-- name: LatestHead :one
select h.tree_size, h.root_hash, h.note, h.signed_at
  from postern.log_head as h
 order by h.tree_size desc
 limit 1;

-- name: RecordLogExport :exec
-- Says that all entries from since until until, under the head of so many leaves, were written to a file with proofs.
select postern.record_log_export(sqlc.narg('since')::timestamptz, sqlc.narg('until')::timestamptz, @tree_size::bigint);

-- name: DropLog :many
-- Drops whole months that are sealed, exported and unchanged; gives the stretches of leaves that each was, -1 where it
-- was empty; or the reason why it stays.
select month::text as month, coalesce(first_leaf, -1)::bigint as first_leaf, coalesce(last_leaf, -1)::bigint as last_leaf,
       coalesce(reason, '')::text as reason
  from postern.drop_log(@before::timestamptz, make_interval(secs => @timeout_seconds::double precision));

-- name: CreateLogPartitions :one
-- Makes the log's partitions for the coming months, and those of a few entries that have none. Errors: 55P03.
select postern.create_log_partitions()::integer as made;

-- name: UnsealedEntries :one
-- How many entries wait to be sealed, and since when, as seconds; 0 where there is none; and the number of leaves.
select u.entries::bigint as entries, coalesce(extract(epoch from clock_timestamp() - u.oldest), 0)::double precision as oldest_seconds,
       s.tree_size::bigint as tree_size
  from postern.unsealed_entries() as u
 cross join postern.sealed_until() as s;

-- name: RedactableEntries :one
-- How many entries of a person could be redacted, how many are not under a signed head yet, and from which days (UTC)
-- they are, empty if there is none.
select r.entries::bigint as entries, r.unsealed::bigint as unsealed,
       coalesce(to_char(r.oldest at time zone 'UTC', 'YYYY-MM-DD'), '')::text as oldest,
       coalesce(to_char(r.newest at time zone 'UTC', 'YYYY-MM-DD'), '')::text as newest
  from postern.redactable_entries(@userid::text) as r;

-- name: RedactLog :many
-- Redacts a batch of a person's entries; gives the record of it, and the stretches of leaves with the numbers of the
-- fields that were removed. No row: nothing is left to redact.
select recorded::bigint as recorded, first_leaf::bigint as first_leaf, last_leaf::bigint as last_leaf, fields::integer[] as fields
  from postern.redact_log(@userid::text, @reason::text, @keep_content::boolean);
