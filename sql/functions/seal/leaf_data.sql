create or replace function postern_internal.leaf_data(entry postern_internal.checkpoint_entry)
returns bytea
language sql
stable
begin atomic
  select '\x02'::bytea
      || '\x01'::bytea || int8send(entry.log_id)
      || postern_internal.encode_field(entry.outcome::text)
      || postern_internal.encode_field(entry.gate_id)
      || postern_internal.encode_field(entry.action)
      || '\x05'::bytea || postern_internal.personal_field(entry, 5)
      || '\x05'::bytea || postern_internal.personal_field(entry, 6)
      || '\x03'::bytea || timestamptz_send(entry.logged_at)
      || '\x05'::bytea || postern_internal.personal_field(entry, 8)
      || '\x05'::bytea || postern_internal.personal_field(entry, 9)
      || postern_internal.encode_field(entry.scheme)
      || '\x05'::bytea || postern_internal.personal_field(entry, 11)
      || '\x01'::bytea || xid8send(entry.transaction_id)
      || postern_internal.encode_field(entry.ticket::text)
      || '\x04'::bytea || boolsend(entry.asked)
      || postern_internal.encode_field(entry.approved_gate_id);
end;
revoke execute on function postern_internal.leaf_data(postern_internal.checkpoint_entry) from public;
comment on function postern_internal.leaf_data(postern_internal.checkpoint_entry) is
'What is hashed for an entry of the log: its fields in order, each with its type, the personal ones as hashes. No setting of the session changes it. docs/log-format.md has every octet.';
