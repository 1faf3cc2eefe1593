-- name: ListLog :many
-- One page of the log, oldest entries first: pass the last log_id to get the next page. Filters that are NULL
-- let everything through.
select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id
  from postern.checkpoint_log as l
 where l.log_id > @after_log_id
   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or l.userid = sqlc.narg('userid') or l.authenticated_by = sqlc.narg('userid'))
   and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
   and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
 order by l.log_id
 limit @page_size;

-- name: ListLatestLog :many
-- The newest entries of the log, newest first, with the filters of ListLog.
select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id
  from postern.checkpoint_log as l
 where (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or l.userid = sqlc.narg('userid') or l.authenticated_by = sqlc.narg('userid'))
   and (sqlc.narg('since')::timestamptz is null or l.logged_at >= sqlc.narg('since'))
   and (sqlc.narg('until')::timestamptz is null or l.logged_at < sqlc.narg('until'))
 order by l.log_id desc
 limit @page_size;

-- name: FollowLog :many
-- One page of the entries that transactions from from_transaction_id on have committed. log_id is given before the
-- commit, so an entry may appear below one that was already seen. Hence this loop: ask LogHorizon; read all pages from
-- the previous horizon on and leave out what was seen; wait; go on with the horizon that was asked.
select l.log_id, l.outcome, l.gate_id, l.action, l.userid, l.authenticated_by, l.logged_at, l.message, l.parameters,
       l.comment, l.scheme, l.session_role, l.client_addr, l.application_name, l.transaction_id
  from postern.checkpoint_log as l
 where l.transaction_id >= @from_transaction_id
   and l.log_id > @after_log_id
   and (sqlc.narg('outcome')::text is null or l.outcome = sqlc.narg('outcome'))
   and (sqlc.narg('gate_id')::text is null or l.gate_id = sqlc.narg('gate_id'))
   and (sqlc.narg('userid')::text is null or l.userid = sqlc.narg('userid') or l.authenticated_by = sqlc.narg('userid'))
 order by l.log_id
 limit @page_size;

-- name: LogHorizon :one
-- The oldest transaction that may still write to the log: all before it have ended.
select pg_snapshot_xmin(pg_current_snapshot())::xid8 as transaction_id;
