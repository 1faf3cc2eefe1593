-- name: CreateCompany :exec
-- Adds a company, with the authority class MAX.
select postern.create_company(@company, @name);

-- name: ListCompanies :many
-- The companies, and whether authority classes decide what their users see.
select c.company, c.name, c.created_at, c.row_level_security
  from postern.company as c
 order by c.company;

-- name: GrantCompany :exec
-- Makes somebody a user of a company, and it the default one where is_default is true.
select postern.grant_company(@userid, @company, @is_default);

-- name: RevokeCompany :exec
-- Ends that somebody is a user of a company.
select postern.revoke_company(@userid, @company);

-- name: ListCompanyUsers :many
-- Who is a user of which company, for administrators; of one company or one user where that is given.
select u.company, u.userid, u.is_default, u.class
  from postern.company_user as u
 where (sqlc.narg('company')::text is null or u.company = sqlc.narg('company'))
   and (sqlc.narg('userid')::text is null or u.userid = (select postern.resolve_userid(sqlc.narg('userid'))))
 order by u.company, u.userid;

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
