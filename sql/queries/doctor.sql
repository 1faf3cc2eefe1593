-- name: ListFindings :many
-- What is left unprotected, the worst first.
select d.level, d.code, d.object, d.title, d.detail, d.fix
  from postern.doctor as d
 order by d.level <> 'error', d.code, d.title, d.object, d.fix;
