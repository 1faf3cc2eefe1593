-- The entries of one ticket share a salt, so log_id makes their field salts differ.

create or replace function postern_internal.field_salt(
  salt uuid,
  log_id bigint,
  number integer
)
returns bytea
language sql
stable
begin atomic
  select sha256(uuid_send(salt) || int8send(log_id) || set_byte('\x00', 0, number));
end;
revoke execute on function postern_internal.field_salt(uuid, bigint, integer) from public;
comment on function postern_internal.field_salt(uuid, bigint, integer) is
'The salt of a personal field, 32 octets. salt, log_id: of the entry. number: the place of the field in the leaf.';
