-- name: ListSettings :many
-- The settings of Postern in this database, with their ranges.
select s.name, s.value, s.kind, s.minimum, s.maximum, s.default_value, s.description
  from postern.setting as s
 order by s.name;
