-- name: PostingCombinationID :one
-- The id of a code string of a company; creates it where it is new. Blank code parts are NULL.
select postern.posting_combination_id(@company, @code_a, sqlc.narg('code_b'), sqlc.narg('code_c'), sqlc.narg('code_d'), sqlc.narg('code_e'),
                                      sqlc.narg('code_f'), sqlc.narg('code_g'), sqlc.narg('code_h'), sqlc.narg('code_i'), sqlc.narg('code_j'))::bigint as posting_combination_id;

-- name: FoldPostingCombinations :one
-- Compiles the first block of new posting combinations behind after_id into the maps of all classes, and returns it; -1 where there is none.
select coalesce(postern.fold_posting_combinations(@after_id), -1)::bigint as first_id;

-- name: SetRowLevelSecurity :exec
-- Whether authority classes decide what users of a company see.
select postern.set_row_level_security(@company, @enabled);

-- name: CreateAuthorityClass :exec
-- Adds an authority class to a company. It allows nothing yet.
select postern.create_authority_class(@company, @class);

-- name: CreateLedgerClass :exec
-- Adds an authority class to an internal ledger. It allows nothing yet.
select postern.create_ledger_class(@company, @ledger_id, @class);

-- name: ListAuthorityClasses :many
-- The authority classes of companies (without ledger_id) and internal ledgers; of one company where that is given.
select c.company, c.ledger_id, c.class, c.built_in
  from postern.authority_class as c
 where sqlc.narg('company')::text is null or c.company = sqlc.narg('company')
 order by c.company, c.ledger_id nulls first, c.class;

-- name: AddAuthorityCombination :one
-- Adds a rule to an authority class of a company, and returns its id.
select postern.add_authority_combination(@company, @class, @allowed, @code_a, @code_b, @code_c, @code_d, @code_e,
                                         @code_f, @code_g, @code_h, @code_i, @code_j)::bigint as combination_id;

-- name: AddLedgerCombination :one
-- Adds a rule to an authority class of an internal ledger, and returns its id.
select postern.add_ledger_combination(@company, @ledger_id, @class, @allowed, @code_a, @code_b, @code_c, @code_d, @code_e,
                                      @code_f, @code_g, @code_h, @code_i, @code_j)::bigint as combination_id;

-- name: RemoveAuthorityCombination :exec
-- Removes a rule of a class, of a company or of an internal ledger.
select postern.remove_authority_combination(@combination_id);

-- name: ListAuthorityCombinations :many
-- The rules of authority classes; of one company, of one class, or the one with an id, where that is given.
select r.combination_id, r.company, r.ledger_id, r.class, r.allowed,
       r.code_a, r.code_b, r.code_c, r.code_d, r.code_e, r.code_f, r.code_g, r.code_h, r.code_i, r.code_j
  from postern.authority_combination as r
 where (sqlc.narg('company')::text is null or r.company = sqlc.narg('company'))
   and (sqlc.narg('class')::text is null or r.class = sqlc.narg('class'))
   and (sqlc.narg('combination_id')::bigint is null or r.combination_id = sqlc.narg('combination_id'))
 order by r.company, r.ledger_id nulls first, r.class, r.allowed, r.combination_id;

-- name: SetUserAuthorityClass :exec
-- Gives a user of a company an authority class there; NULL takes it away.
select postern.set_user_authority_class(@company, @userid, sqlc.narg('class'));

-- name: SetUserLedgerClass :exec
-- Narrows what a user sees in an internal ledger to what a class of it allows; NULL takes the class away.
select postern.set_user_ledger_class(@company, @ledger_id, @userid, sqlc.narg('class'));

-- name: CreateLedger :exec
-- Adds an internal ledger to a company.
select postern.create_ledger(@company, @ledger_id);

-- name: ListLedgers :many
-- The internal ledgers.
select l.company, l.ledger_id, l.created_at
  from postern.ledger as l
 order by l.company, l.ledger_id;

-- name: GrantLedger :exec
-- Connects a user of a company to one of its internal ledgers.
select postern.grant_ledger(@company, @ledger_id, @userid);

-- name: RevokeLedger :exec
-- Ends that a user is connected to an internal ledger.
select postern.revoke_ledger(@company, @ledger_id, @userid);

-- name: ListLedgerUsers :many
-- Who is connected to which internal ledger, and the class that narrows what the user sees there; of one company or one
-- user where that is given.
select u.company, u.ledger_id, u.userid, u.class
  from postern.ledger_user as u
 where (sqlc.narg('company')::text is null or u.company = sqlc.narg('company'))
   and (sqlc.narg('userid')::text is null or u.userid = (select postern.resolve_userid(sqlc.narg('userid'))))
 order by u.company, u.ledger_id, u.userid;

-- name: IsCombinationAllowed :one
-- Whether the current user may see rows of a company with this posting combination.
select postern.is_combination_allowed(@company, sqlc.arg('posting_combination_id')::bigint)::boolean as allowed;

-- name: IsLedgerCombinationAllowed :one
-- Whether the current user may see rows of an internal ledger with this posting combination.
select postern.is_ledger_combination_allowed(@company, @ledger_id, sqlc.arg('posting_combination_id')::bigint)::boolean as allowed;

-- name: IsCodeStringAllowed :one
-- Whether the current user may see rows of a company with this code string. Blank code parts are NULL.
select postern.is_code_string_allowed(@company, @code_a, sqlc.narg('code_b'), sqlc.narg('code_c'), sqlc.narg('code_d'), sqlc.narg('code_e'),
                                      sqlc.narg('code_f'), sqlc.narg('code_g'), sqlc.narg('code_h'), sqlc.narg('code_i'), sqlc.narg('code_j'))::boolean as allowed;

-- name: ExplainAccess :one
-- Why a user may or may not see rows with a posting combination; in an internal ledger where ledger_id is given. What does
-- not apply is empty or 0. Where there is a code_part, an empty value is blank.
select e.allowed::boolean as allowed, e.reason::text as reason, coalesce(e.class, '')::text as class,
       coalesce(e.combination_id, 0)::bigint as combination_id, coalesce(e.code_part, '')::text as code_part,
       coalesce(e.pattern, '')::text as pattern, coalesce(e.value, '')::text as value
  from postern.explain_access(@userid, @company, sqlc.arg('posting_combination_id')::bigint, sqlc.narg('ledger_id'))
    as e (allowed, reason, class, combination_id, code_part, pattern, value);

-- name: CompileAuthorityMaps :one
-- Compiles the posting combinations that came after the last change of each class. Returns how many chunks were written.
select postern.compile_authority_maps()::bigint as chunks;
