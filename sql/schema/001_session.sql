-- End users, and what proves that a session speaks for one.

create table postern_internal.end_user (
  userid text primary key check (userid <> '' and length(userid) <= 128),
  folded text not null unique,
  description text not null,
  db_role name unique,
  active boolean not null default true,
  created_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.end_user is 'People who work through the application. userid: as it was first written, in NFKC. folded: what fold_userid makes of it, so that no second one differs in case only. db_role maps a database login role to its end user.';

create table postern_internal.server_key (
  purpose text primary key,
  inner_pad bytea not null check (length(inner_pad) = 64),
  outer_pad bytea not null check (length(outer_pad) = 64)
);
comment on table postern_internal.server_key is 'Secret keys that only this database uses, one a purpose, each as two independent random blocks: a keyed digest (NMAC) then costs two calls of the built-in sha256.';

insert into postern_internal.server_key (purpose, inner_pad, outer_pad)
select purpose,
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  from unnest(array['challenge', 'pin']) as purpose;

create table postern_internal.session_secret (
  secret bytea not null check (length(secret) = 64)
);
create unique index session_secret_one_row on postern_internal.session_secret ((true));
comment on table postern_internal.session_secret is 'The secret that the setting postern.session is made with, as long as a block of SHA-256. One row of one column, since it is read wherever the end user is asked for: each row of an application''s query may do that.';

insert into postern_internal.session_secret (secret)
values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

create table postern_internal.session_key (
  kid text primary key check (kid <> '' and length(kid) <= 128),
  inner_pad bytea not null check (length(inner_pad) = 64),
  outer_pad bytea not null check (length(outer_pad) = 64),
  created_at timestamptz not null default clock_timestamp(),
  created_by name not null default session_user,
  retired_at timestamptz,
  system_identifier bigint not null,
  database_oid oid not null,
  table_oid oid not null
);
comment on table postern_internal.session_key is 'Keys that application servers sign session tokens with (JWT, HS256), as the two padded blocks of RFC 2104. A retired key verifies nothing; it is kept so that its kid is never used again. system_identifier, database_oid, table_oid: the cluster, the database and this table, where the key was created; a copy or a restored database differs in one of them.';
