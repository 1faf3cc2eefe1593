-- name: CreateCompany :exec
-- Adds a company, with the authority class MAX.
select postern.create_company(@company, @name);

-- name: GrantCompany :exec
-- Makes somebody a user of a company, and it the default one where is_default is true.
select postern.grant_company(@userid, @company, @is_default);

-- name: RevokeCompany :exec
-- Ends that somebody is a user of a company.
select postern.revoke_company(@userid, @company);

-- name: ListOwnCompanies :many
-- The companies of the current user.
select a.company, a.userid, a.is_default
  from postern.user_finance_auth_pub as a
 order by a.company;

-- name: RequireCompanyUser :exec
-- Fails where userid is no user of the company.
select user_finance_api.exist(@company, @userid);

-- name: RequireCompany :exec
-- Fails where the current user is no user of the company.
select user_finance_api.exist_current_user(@company);

-- name: IsCompanyAuthorized :one
-- Whether the current user is a user of the company.
select user_finance_api.is_authorized(@company)::boolean as authorized;

-- name: UserFinanceIsUserAuthorized :one
-- User_Finance_API.Is_User_Authorized: whether the current user is a user of the company.
select user_finance_api.is_user_authorized(@company)::boolean as authorized;

-- name: UserFinanceIsAllowed :one
-- User_Finance_API.Is_Allowed: TRUE or FALSE, whether the current user is a user of the company.
select user_finance_api.is_allowed(@company)::text as allowed;
