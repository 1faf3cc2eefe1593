-- name: FindTable :one
-- The table of this name, as PostgreSQL writes it; empty if there is none.
select coalesce(to_regclass(@name)::text, '')::text as table_name;

-- name: ListProtectedTables :many
-- The protected tables, and the columns that protect them.
select p.schema_name, p.table_name, p.protection, coalesce(p.company_column, '')::name as company_column, p.combination_column, p.ledger_column,
       p.protected_by, p.protected_at
  from postern.protected_table as p
 where p.protection <> 'gate'
 order by p.schema_name, p.table_name;

-- name: ListGuards :many
-- The guards of tables, and whether their gates stop anybody.
select p.schema_name, p.table_name, coalesce(p.gate_id, '')::text as gate_id, g.active, coalesce(p.operations, '{}')::text[] as operations,
       coalesce(p.columns, '{}')::text[] as columns, coalesce(p.parameters, '{}')::jsonb as parameters, p.condition,
       coalesce(p.exclusive, false)::boolean as exclusive, p.protected_by, p.protected_at
  from postern.protected_table as p
  join postern.gate as g on g.gate_id = p.gate_id
 where p.protection = 'gate'
 order by p.schema_name, p.table_name, p.gate_id;
