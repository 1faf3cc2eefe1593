-- name: UserAccess :one
-- All that a user may see and do.
select postern.user_access(@userid)::jsonb as access;

-- name: AccessReportHead :one
-- What a report of access begins with: when it was read, and the newest signed head of the log.
select postern.access_report_head()::jsonb as head;

-- name: AccessReport :many
-- What users may see and do, from the user after after_userid on.
select r.userid::text as userid, r.access::jsonb as access
  from postern.access_report(sqlc.narg('after_userid'), @users) as r (userid, access);

-- name: ListRulesAfter :many
-- The rules of authority classes by their ids, a page at a time.
select r.rule_id, r.company, r.ledger_id, r.class, r.allowed,
       r.code_a, r.code_b, r.code_c, r.code_d, r.code_e, r.code_f, r.code_g, r.code_h, r.code_i, r.code_j
  from postern.authority_combination as r
 where r.rule_id > @after_id
 order by r.rule_id
 limit @rules;

-- name: AccessImpact :many
-- Who would gain and who would lose what, if changes were made. A row is an object for each effect.
select to_jsonb(i)::jsonb as effect
  from postern.access_impact(@changes) as i (effect, kind, userid, company, ledger_id, name, combinations, of_combinations, reason);
