-- Companies and their users.

create table postern_internal.company (
  company text primary key check (company <> '' and length(company) <= 36 and octet_length(company) <= 63),
  name text not null,
  created_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.company is 'Financial companies.';

create table postern_internal.company_user (
  userid text not null references postern_internal.end_user,
  company text not null references postern_internal.company,
  is_default boolean not null default false,
  primary key (userid, company)
);
create unique index company_user_default on postern_internal.company_user (userid) where is_default;
create index company_user_company on postern_internal.company_user (company);
comment on table postern_internal.company_user is 'Users of companies; at most one company is a user''s default.';

create table postern_internal.protected_table (
  schema_name name not null,
  table_name name not null,
  protection text not null check (protection in ('company', 'ledger', 'gate')),
  company_column name,
  combination_column name,
  ledger_column name,
  gate_id text references postern_internal.gate,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text,
  exclusive boolean,
  protected_by name not null default session_user,
  protected_at timestamptz not null default clock_timestamp(),
  check (case when protection = 'gate'
              then num_nonnulls(company_column, combination_column, ledger_column) = 0 and num_nulls(gate_id, operations, parameters, exclusive) = 0
              else company_column is not null and num_nonnulls(gate_id, operations, columns, parameters, condition, exclusive) = 0 end)
);
-- A table has one protection of its rows, and a guard for each of several gates.
create unique index protected_table_key on postern_internal.protected_table (schema_name, table_name, coalesce(gate_id, ''));
comment on table postern_internal.protected_table is 'Tables of applications that protect_company, protect_ledger and protect_gate protect, with their arguments. By name, because an oid does not survive a dump. doctor compares the list with the existing policies.';
