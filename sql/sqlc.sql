-- For sqlc alone, which does not look into the block of bootstrap.sql that creates the schemas.

create schema postern;
create schema postern_internal;
create schema security_sys;
create schema sec_checkpoint_gate_api;
create schema message_sys;
create schema fnd_session_api;
create schema user_finance_api;

-- The checks behind this view read more of the catalogs than sqlc knows.
create table postern.catalog_findings (
  level text not null,
  code text not null,
  object text not null,
  title text not null,
  detail text not null,
  fix text not null
);

-- So does this one.
create table postern.allowed_login (
  db_role name not null,
  state text not null,
  allowed_at timestamptz not null,
  allowed_by name not null
);

-- And this one.
create table postern.protection_fault (
  schema_name name not null,
  table_name name not null,
  fault text
);

-- It returns the columns of catalog_findings.
create function postern.gate_findings(callers jsonb) returns setof postern.catalog_findings language sql return null;
