-- End users, and the secrets that prove whom a session speaks for.

create table postern_internal.end_user (
  userid text primary key check (userid <> '' and length(userid) <= 128),
  folded text not null unique,
  description text not null,
  db_role name unique,
  active boolean not null default true,
  created_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.end_user is 'People who work through the application. userid: in its original spelling, as NFKC. folded: the result of fold_userid, so that two ids cannot differ only in case. db_role maps a database login role to its end user.';

create table postern_internal.server_key (
  purpose text primary key,
  inner_pad bytea not null check (length(inner_pad) = 64),
  outer_pad bytea not null check (length(outer_pad) = 64)
);
comment on table postern_internal.server_key is 'Secret keys that only this database uses, one per purpose. Each is two independent random blocks: a keyed digest (NMAC) then costs two calls of the built-in sha256.';

insert into postern_internal.server_key (purpose, inner_pad, outer_pad)
select purpose,
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  from unnest(array['challenge', 'pin']) as purpose;

create table postern_internal.session_secret (
  secret bytea not null check (length(secret) = 64)
);
create unique index session_secret_one_row on postern_internal.session_secret ((true));
comment on table postern_internal.session_secret is 'The secret from which the setting postern.session is made, one SHA-256 block long. One row of one column, because it is read whenever the end user is determined, possibly for each row of an application''s query.';

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
comment on table postern_internal.session_key is 'Keys with which application servers sign session tokens (JWT, HS256), as the two padded blocks of RFC 2104. A retired key verifies nothing; it is kept so that its kid is never used again. system_identifier, database_oid, table_oid: the cluster, the database and this table in which the key was created; a copied or restored database differs in one of them.';
