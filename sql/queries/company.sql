-- name: CreateCompany :exec
-- Adds a company, with the authority class MAX.
select postern.create_company(@company, @name);

-- name: GrantCompany :exec
-- Makes a user a user of a company; if is_default is true, that becomes the user's default company.
select postern.grant_company(@userid, @company, @is_default);

-- name: RevokeCompany :exec
-- Ends a user's membership of a company.
select postern.revoke_company(@userid, @company);

-- name: ListOwnCompanies :many
-- The companies of the current user.
select a.company, a.userid, a.is_default
  from postern.user_finance_auth_pub as a
 order by a.company;

-- name: RequireCompanyUser :exec
-- Fails if userid is not a user of the company.
select user_finance_api.exist(@company, @userid);

-- name: RequireCompany :exec
-- Fails if the current user is not a user of the company.
select user_finance_api.exist_current_user(@company);

-- name: IsCompanyAuthorized :one
-- Whether the current user is a user of the company.
select user_finance_api.is_authorized(@company)::boolean as authorized;

-- name: UserFinanceIsUserAuthorized :one
-- User_Finance_API.Is_User_Authorized: whether the current user is a user of the company.
select user_finance_api.is_user_authorized(@company)::boolean as authorized;

-- name: UserFinanceIsAllowed :one
-- User_Finance_API.Is_Allowed: whether the current user is a user of the company, as TRUE or FALSE.
select user_finance_api.is_allowed(@company)::text as allowed;
