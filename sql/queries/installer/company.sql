-- name: ListCompanies :many
-- The companies, and whether authority classes decide what their users see.
select c.company, c.name, c.created_at, c.row_level_security
  from postern.company as c
 order by c.company;

-- name: ListCompanyUsers :many
-- The users of companies, for administrators; of one company or one user if that is given.
select u.company, u.userid, u.is_default, u.class
  from postern.company_user as u
 where (sqlc.narg('company')::text is null or u.company = sqlc.narg('company'))
   and (sqlc.narg('userid')::text is null or u.userid = (select postern.resolve_userid(sqlc.narg('userid'))))
 order by u.company, u.userid;
