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
  protection text not null check (protection in ('company', 'ledger')),
  company_column name not null,
  combination_column name,
  ledger_column name,
  protected_by name not null default session_user,
  protected_at timestamptz not null default clock_timestamp(),
  primary key (schema_name, table_name)
);
comment on table postern_internal.protected_table is 'Tables of applications that protect_company and protect_ledger protect. By name, because an oid does not survive a dump. doctor compares the list with the existing policies.';
