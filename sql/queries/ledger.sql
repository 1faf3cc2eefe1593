-- name: PostingCombinationID :one
-- The id of a code string of a company; creates it if it is new. Blank code parts are NULL.
select postern.posting_combination_id(@company, @code_a, sqlc.narg('code_b'), sqlc.narg('code_c'), sqlc.narg('code_d'), sqlc.narg('code_e'),
                                      sqlc.narg('code_f'), sqlc.narg('code_g'), sqlc.narg('code_h'), sqlc.narg('code_i'), sqlc.narg('code_j'))::bigint as posting_combination_id;

-- name: SetRowLevelSecurity :exec
-- Sets whether authority classes decide what users of a company see.
select postern.set_row_level_security(@company, @enabled);

-- name: CreateAuthorityClass :exec
-- Adds an authority class to a company. It allows nothing yet.
select postern.create_authority_class(@company, @class);

-- name: CreateLedgerClass :exec
-- Adds an authority class to an internal ledger. It allows nothing yet.
select postern.create_ledger_class(@company, @ledger_id, @class);

-- name: AddAuthorityCombination :one
-- Adds a rule to an authority class of a company, and returns its id.
select postern.add_authority_combination(@company, @class, @allowed, @code_a, @code_b, @code_c, @code_d, @code_e,
                                         @code_f, @code_g, @code_h, @code_i, @code_j)::bigint as rule_id;

-- name: AddLedgerCombination :one
-- Adds a rule to an authority class of an internal ledger, and returns its id.
select postern.add_ledger_combination(@company, @ledger_id, @class, @allowed, @code_a, @code_b, @code_c, @code_d, @code_e,
                                      @code_f, @code_g, @code_h, @code_i, @code_j)::bigint as rule_id;

-- name: RemoveAuthorityCombination :exec
-- Removes a rule of a class, of a company or of an internal ledger.
select postern.remove_authority_combination(@rule_id);

-- name: SetUserAuthorityClass :exec
-- Gives a user of a company an authority class there; NULL removes it.
select postern.set_user_authority_class(@company, @userid, sqlc.narg('class'));

-- name: SetUserLedgerClass :exec
-- Limits what a user sees in an internal ledger to what one of its classes allows; NULL removes the class.
select postern.set_user_ledger_class(@company, @ledger_id, @userid, sqlc.narg('class'));

-- name: CreateLedger :exec
-- Adds an internal ledger to a company.
select postern.create_ledger(@company, @ledger_id);

-- name: GrantLedger :exec
-- Connects a user of a company to one of its internal ledgers.
select postern.grant_ledger(@company, @ledger_id, @userid);

-- name: RevokeLedger :exec
-- Disconnects a user from an internal ledger.
select postern.revoke_ledger(@company, @ledger_id, @userid);

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
-- Why a user may or may not see rows with a posting combination, in an internal ledger if ledger_id is given. Columns
-- that do not apply are empty or 0. If code_part is given, an empty value means blank.
select e.allowed::boolean as allowed, e.reason::text as reason, coalesce(e.class, '')::text as class,
       coalesce(e.rule_id, 0)::bigint as rule_id, coalesce(e.code_part, '')::text as code_part,
       coalesce(e.pattern, '')::text as pattern, coalesce(e.value, '')::text as value
  from postern.explain_access(@userid, @company, sqlc.arg('posting_combination_id')::bigint, sqlc.narg('ledger_id'))
    as e (allowed, reason, class, rule_id, code_part, pattern, value);

-- name: AuthorizeCombIsAllowed :one
-- Authorize_Comb_Finance_API.Is_Allowed: whether the current user may see rows of a company with this posting
-- combination, as TRUE or FALSE.
select authorize_comb_finance_api.is_allowed(@company, sqlc.arg('posting_combination_id')::bigint)::text as allowed;

-- name: AuthorizeCombIsAllowedCodestring :one
-- Authorize_Comb_Finance_API.Is_Allowed_Codestring: whether the current user may see rows of a company with this code
-- string, as TRUE or FALSE. Blank code parts are NULL.
select authorize_comb_finance_api.is_allowed_codestring(@company, @code_a, sqlc.narg('code_b'), sqlc.narg('code_c'), sqlc.narg('code_d'), sqlc.narg('code_e'),
                                                        sqlc.narg('code_f'), sqlc.narg('code_g'), sqlc.narg('code_h'), sqlc.narg('code_i'), sqlc.narg('code_j'))::text as allowed;

-- name: IntLedAuthCombIsAllowed :one
-- Int_Led_Auth_Comb_Finance_API.Is_Allowed: whether the current user may see rows of an internal ledger with this
-- posting combination, as TRUE or FALSE.
select int_led_auth_comb_finance_api.is_allowed(@company, @ledger_id, sqlc.arg('posting_combination_id')::bigint)::text as allowed;
