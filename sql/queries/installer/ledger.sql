-- name: ListAuthorityClasses :many
-- The authority classes of companies (without ledger_id) and internal ledgers; of one company if that is given.
select c.company, c.ledger_id, c.class, c.built_in
  from postern.authority_class as c
 where sqlc.narg('company')::text is null or c.company = sqlc.narg('company')
 order by c.company, c.ledger_id nulls first, c.class;

-- name: ListAuthorityCombinations :many
-- The rules of authority classes; of one company or class, or the one with an id, if that is given.
select r.rule_id, r.company, r.ledger_id, r.class, r.allowed,
       r.code_a, r.code_b, r.code_c, r.code_d, r.code_e, r.code_f, r.code_g, r.code_h, r.code_i, r.code_j
  from postern.authority_combination as r
 where (sqlc.narg('company')::text is null or r.company = sqlc.narg('company'))
   and (sqlc.narg('class')::text is null or r.class = sqlc.narg('class'))
   and (sqlc.narg('rule_id')::bigint is null or r.rule_id = sqlc.narg('rule_id'))
 order by r.company, r.ledger_id nulls first, r.class, r.allowed, r.rule_id;

-- name: ListLedgers :many
-- The internal ledgers.
select l.company, l.ledger_id, l.created_at
  from postern.ledger as l
 order by l.company, l.ledger_id;

-- name: ListLedgerUsers :many
-- Which user is connected to which internal ledger, and the class that limits what the user sees there; of one company
-- or one user if that is given.
select u.company, u.ledger_id, u.userid, u.class
  from postern.ledger_user as u
 where (sqlc.narg('company')::text is null or u.company = sqlc.narg('company'))
   and (sqlc.narg('userid')::text is null or u.userid = (select postern.resolve_userid(sqlc.narg('userid'))))
 order by u.company, u.ledger_id, u.userid;

-- name: CompileAuthorityMaps :one
-- Compiles the posting combinations that were created after the last change of each class. Returns how many chunks of
-- maps were written.
select postern.compile_authority_maps()::bigint as chunks;
