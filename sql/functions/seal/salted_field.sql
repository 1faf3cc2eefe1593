-- A leaf is hashed into the tree, and the hashes of the tree are published. A user id could be guessed from an unsalted
-- hash by trying all of them.
--
-- A salt of another length would let octets of the value pass for octets of the salt.

create or replace function postern_internal.salted_field(
  salt uuid,
  log_id bigint,
  number integer,
  own_salt bytea,
  value bytea
)
returns bytea
language sql
stable
begin atomic
  select sha256(case when octet_length(own_salt) = 32 then own_salt else postern_internal.field_salt(salt, log_id, number) end || value);
end;
revoke execute on function postern_internal.salted_field(uuid, bigint, integer, bytea, bytea) from public;
comment on function postern_internal.salted_field(uuid, bigint, integer, bytea, bytea) is
'The SHA-256 of a personal field: of its salt and its value. salt, log_id: of the entry. number: the place of the field in the leaf. own_salt: the salt that a redaction of other fields has left; NULL: none. value: the columns of the field, each with its type.';
