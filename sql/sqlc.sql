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

-- It returns the same columns.
create function postern.gate_findings(callers jsonb) returns setof postern.catalog_findings language sql return null;
