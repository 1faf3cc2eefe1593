-- Roles and their memberships belong to the whole cluster. This table says which logins may use them in this database.

create table postern_internal.allowed_login (
  db_role name primary key,
  role_oid oid not null,
  system_identifier bigint not null,
  allowed_at timestamptz not null default clock_timestamp(),
  allowed_by name not null default session_user
);
comment on table postern_internal.allowed_login is 'Logins that may use memberships of postern_trusted_app, postern_admin, postern_sealer, postern_redactor and postern_event_worker in this database. role_oid: the role that had the name in the cluster with this system_identifier. A later role with the same name is a different one.';
