-- Reading a long log. The view is a security barrier, and PostgreSQL forgets behind one in which order an index gives
-- its rows: "order by log_id limit 1000" would read and sort all the rest of the log. Hence each query names the
-- stretch of log_ids that it may look at. A user's entries are found by the two indexes that begin with a user: the second has
-- only those that somebody else approved, so the condition says so.

-- name: PreferIndexes :exec
-- To be called first in a transaction that reads the log: a stretch is found by an index, also where the planner
-- thinks that a row will soon turn up anyway.
select set_config('enable_seqscan', 'off', true);

-- name: HighestLogID :one
-- The highest log_id, 0 in an empty log.
select postern.highest_log_id()::bigint as log_id;

-- name: ListLog :many
-- One page of a stretch of the log, oldest entries first: pass the last log_id to get the next page. Filters that are
-- NULL let everything through. A page ends with the entry that brings it to page_octets octets, so that the reader's
-- memory does not depend on how long the entries are.
select p.log_id, p.outcome, p.gate_id, p.action, p.userid, p.authenticated_by, p.logged_at, p.message, p.parameters,
       p.comment, p.scheme, p.session_role, p.client_addr, p.application_name, p.transaction_id,
       p.approval, p.asked, p.approved_gate_id, p.approved_message
  from (select c.log_id, c.outcome, c.gate_id, c.action, c.userid, c.authenticated_by, c.logged_at, c.message, c.parameters,
               c.comment, c.scheme, c.session_role, c.client_addr, c.application_name, c.transaction_id,
               c.approval, c.asked, c.approved_gate_id, c.approved_message,
               sum(octet_length(c.message) + octet_length(c.parameters::text) + coalesce(octet_length(c.approved_message), 0))
                 over (order by c.log_id rows between unbounded preceding and 1 preceding) as octets_before
          from (select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
                       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id,
                       l.approval, l.asked, l.approved_gate_id, l.approved_message
                  from postern.checkpoint_log as l
                 where l.log_id > @after_log_id
                   and l.log_id <= @to_log_id
                   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
                   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
                   and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
                        or l.authenticated_by <> l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
                   and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
                   and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
                   and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
                 order by l.log_id
                 limit @page_size) as c) as p
 where coalesce(p.octets_before, 0) < @page_octets::bigint
 order by p.log_id;

-- name: LatestLog :one
-- How many entries of a stretch of the log pass the filters of ListLog, and the log_id of the first of them; of more
-- than so many entries the latest. 0 and 0 where there are none.
select count(latest.log_id) as entries, coalesce(min(latest.log_id), 0)::bigint as log_id
  from (select l.log_id
          from postern.checkpoint_log as l
         where l.log_id > @after_log_id
           and l.log_id <= @to_log_id
           and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
           and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
           and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
                or l.authenticated_by <> l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
           and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
           and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
           and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
         order by l.log_id desc
         limit @entries::bigint) as latest;

-- name: FollowSnapshot :one
-- Up to where the log can be followed now, to be asked in the transaction that reads the pages. A standby's snapshot
-- leaves out which transactions are in progress (is_standby): it cannot tell what is new.
select pg_current_snapshot()::text as snapshot, pg_is_in_recovery() as is_standby;

-- name: RestoredLogID :one
-- Entries that a dump brought here from another cluster carry transactions of that cluster, which this one has yet to
-- count up to. Up to this log_id they are old, whatever a snapshot will say. 0 where there are none.
select coalesce(max(l.log_id), 0)::bigint as log_id
  from postern.checkpoint_log as l
 where l.transaction_id >= pg_snapshot_xmax(pg_current_snapshot());

-- name: FollowLog :many
-- One page of the entries committed after one snapshot and up to another. A log_id is given before the commit, so an
-- entry may appear below one that was seen already; what tells seen from new is whether the old snapshot saw the
-- entry's transaction. The page begins after an entry, given by its transaction_id and log_id; 0, 0 for the first one.
select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id,
       l.approval, l.asked, l.approved_gate_id, l.approved_message
  from postern.checkpoint_log as l
 where l.transaction_id >= pg_snapshot_xmin(sqlc.arg('from_snapshot')::text::pg_snapshot)
   and not pg_visible_in_snapshot(l.transaction_id, sqlc.arg('from_snapshot')::text::pg_snapshot)
   and pg_visible_in_snapshot(l.transaction_id, sqlc.arg('to_snapshot')::text::pg_snapshot)
   and l.log_id > @restored_log_id
   and (l.transaction_id, l.log_id) > (@after_transaction_id::xid8, @after_log_id::bigint)
   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
        or l.authenticated_by <> l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
   and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
 order by l.transaction_id, l.log_id
 limit @page_size;
