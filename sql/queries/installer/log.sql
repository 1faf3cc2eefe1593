-- Reading a long log. The view is a security barrier, so PostgreSQL does not know that its rows come ordered from an
-- index: "order by log_id limit 1000" would read and sort the rest of the log. Hence each query names the range of
-- log_ids that it may read. Two indexes that begin with a user find a user's entries. The second has only entries that
-- somebody else approved, so the condition has to say that too.

-- name: PreferIndexes :exec
-- Call this first in a transaction that reads the log: then an index finds the range, even if the planner expects a row
-- to turn up soon anyway.
select set_config('enable_seqscan', 'off', true);

-- name: HighestLogID :one
-- The highest log_id, 0 in an empty log.
select postern.highest_log_id()::bigint as log_id;

-- name: ListLog :many
-- One page of a range of the log, oldest entries first. Pass the last log_id to get the next page. Filters that are
-- NULL let everything through. A page ends with the entry that brings it to page_octets octets, so that the reader's
-- memory does not depend on how long the entries are.
select p.log_id, p.outcome, p.gate_id, p.action, p.userid, p.authenticated_by, p.logged_at, p.message, p.parameters,
       p.comment, p.scheme, p.session_role, p.client_addr, p.application_name, p.transaction_id,
       p.approval, p.asked, p.approved_gate_id, p.approved_message, p.redacted
  from (select c.log_id, c.outcome, c.gate_id, c.action, c.userid, c.authenticated_by, c.logged_at, c.message, c.parameters,
               c.comment, c.scheme, c.session_role, c.client_addr, c.application_name, c.transaction_id,
               c.approval, c.asked, c.approved_gate_id, c.approved_message, c.redacted,
               sum(coalesce(octet_length(c.message) + octet_length(c.parameters::text), 0) + coalesce(octet_length(c.approved_message), 0))
                 over (order by c.log_id rows between unbounded preceding and 1 preceding) as octets_before
          from (select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
                       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id,
                       l.approval, l.asked, l.approved_gate_id, l.approved_message, l.redacted
                  from postern.checkpoint_log as l
                 where l.log_id > @after_log_id
                   and l.log_id <= @to_log_id
                   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
                   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
                   and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
                        or l.authenticated_by is distinct from l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
                   and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
                   and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
                   and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
                 order by l.log_id
                 limit @page_size) as c) as p
 where coalesce(p.octets_before, 0) < @page_octets::bigint
 order by p.log_id;

-- name: LatestLog :one
-- The newest entries of a range of the log that pass the filters of ListLog, at most so many: how many there are, and
-- their lowest log_id. 0 and 0 if there are none.
select count(latest.log_id) as entries, coalesce(min(latest.log_id), 0)::bigint as log_id
  from (select l.log_id
          from postern.checkpoint_log as l
         where l.log_id > @after_log_id
           and l.log_id <= @to_log_id
           and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
           and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
           and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
                or l.authenticated_by is distinct from l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
           and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
           and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
           and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
         order by l.log_id desc
         limit @entries::bigint) as latest;

-- name: FollowSnapshot :one
-- How far the log can be followed now. Call it in the transaction that reads the pages. A standby's snapshot
-- (is_standby) does not list the transactions in progress, so it cannot tell what is new.
select pg_current_snapshot()::text as snapshot, pg_is_in_recovery() as is_standby;

-- name: RestoredLogID :one
-- Entries that a dump brought here from another cluster carry transaction ids of that cluster, which this cluster has
-- yet to reach. Entries up to this log_id are old, whatever a snapshot says later. 0 if there are none.
select coalesce(max(l.log_id), 0)::bigint as log_id
  from postern.checkpoint_log as l
 where l.transaction_id >= pg_snapshot_xmax(pg_current_snapshot());

-- name: FollowLog :many
-- One page of the entries committed after one snapshot and up to another. A log_id is given before the commit, so an
-- entry may appear below one that was already read. An entry is new if the old snapshot did not see its transaction.
-- The page begins after the entry with a transaction_id and log_id; pass 0, 0 for the first page.
select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id,
       l.approval, l.asked, l.approved_gate_id, l.approved_message, l.redacted
  from postern.checkpoint_log as l
 where l.transaction_id >= pg_snapshot_xmin(sqlc.arg('from_snapshot')::text::pg_snapshot)
   and not pg_visible_in_snapshot(l.transaction_id, sqlc.arg('from_snapshot')::text::pg_snapshot)
   and pg_visible_in_snapshot(l.transaction_id, sqlc.arg('to_snapshot')::text::pg_snapshot)
   and l.log_id > @restored_log_id
   and (l.transaction_id, l.log_id) > (@after_transaction_id::xid8, @after_log_id::bigint)
   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or l.userid = (select postern.resolve_userid(sqlc.narg('userid')))
        or l.authenticated_by is distinct from l.userid and l.authenticated_by = (select postern.resolve_userid(sqlc.narg('userid'))))
   and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', l.message, l.comment)), lower(sqlc.narg('phrase'))) > 0)
 order by l.transaction_id, l.log_id
 limit @page_size;

-- name: CountOutcomes :one
-- How many entries of each outcome were committed since a snapshot, and the snapshot to count from next; none before
-- the first count, with an empty snapshot.
select c.until::text as until, c.passed::bigint as passed, c.denied::bigint as denied, c.locked::bigint as locked,
       c.refused::bigint as refused, c.cancelled::bigint as cancelled, c.administered::bigint as administered
  from postern.count_outcomes(nullif(@since::text, '')::pg_snapshot) as c;

-- name: ListAdministration :many
-- One page of the changes of the administration in a range of the log: the oldest ones, oldest first, or the newest ones,
-- newest first. Filters that are NULL let everything through. gate_id: changes of this gate and of its guards. userid:
-- changes that concern this user; with by_user also those that this user made.
select a.log_id, a.logged_at, a.kind, a.key, a.operation, a.before, a.after, a.message, a.about_userid, a.userid,
       a.session_role, a.client_addr, a.application_name, a.transaction_id, a.redacted
  from postern.administration_log as a
 where a.log_id > @after_log_id
   and a.log_id <= @to_log_id
   and (sqlc.narg('kind')::text is null or a.kind = sqlc.narg('kind'))
   and (sqlc.narg('name')::text is null or a.key ->> 'name' = sqlc.narg('name'))
   and (sqlc.narg('gate_id')::text is null or a.key ->> 'gate_id' = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or a.about_userid = (select postern.resolve_userid(sqlc.narg('userid')))
        or @by_user::boolean and a.userid = (select postern.resolve_userid(sqlc.narg('userid'))))
   and (sqlc.narg('since')::timestamptz is null or a.logged_at >= sqlc.narg('since'))
   and (sqlc.narg('until')::timestamptz is null or a.logged_at < sqlc.narg('until'))
   and (sqlc.narg('phrase')::text is null or strpos(lower(concat_ws(' ', a.message, a.before, a.after)), lower(sqlc.narg('phrase'))) > 0)
 order by case when @newest::boolean then -a.log_id else a.log_id end
 limit @page_size::bigint;
