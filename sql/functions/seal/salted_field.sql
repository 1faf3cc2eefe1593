-- A leaf is hashed into the tree, and the hashes of the tree are published. A user id could be guessed from an unsalted
-- hash by trying all of them. The entries of one ticket share a salt, so log_id makes their field salts differ.

create or replace function postern_internal.salted_field(
  salt uuid,
  log_id bigint,
  number bytea,
  value bytea
)
returns bytea
language sql
stable
begin atomic
  select '\x05'::bytea || sha256(sha256(uuid_send(salt) || int8send(log_id) || number) || value);
end;
revoke execute on function postern_internal.salted_field(uuid, bigint, bytea, bytea) from public;
comment on function postern_internal.salted_field(uuid, bigint, bytea, bytea) is
'A personal field of a leaf: type 5, and the SHA-256 of its salt and its value. salt, log_id: of the entry. number: the place of the field in the leaf, one octet. value: the columns of the field, each with its type.';
