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
      || postern_internal.salted_field(entry.salt, entry.log_id, '\x05', postern_internal.encode_field(entry.userid))
      || postern_internal.salted_field(entry.salt, entry.log_id, '\x06', postern_internal.encode_field(entry.authenticated_by))
      || '\x03'::bytea || timestamptz_send(entry.logged_at)
      || postern_internal.salted_field(entry.salt, entry.log_id, '\x08',
              postern_internal.encode_field(entry.message)
           || postern_internal.encode_field(entry.parameters::text)
           || postern_internal.encode_field(entry.approved_message))
      || postern_internal.salted_field(entry.salt, entry.log_id, '\x09', postern_internal.encode_field(entry.comment))
      || postern_internal.encode_field(entry.scheme)
      || postern_internal.salted_field(entry.salt, entry.log_id, '\x0b',
              postern_internal.encode_field(entry.session_role::text)
           || postern_internal.encode_field(entry.client_addr::text)
           || postern_internal.encode_field(entry.application_name))
      || '\x01'::bytea || xid8send(entry.transaction_id)
      || postern_internal.encode_field(entry.ticket::text)
      || '\x04'::bytea || boolsend(entry.asked)
      || postern_internal.encode_field(entry.approved_gate_id);
end;
revoke execute on function postern_internal.leaf_data(postern_internal.checkpoint_entry) from public;
comment on function postern_internal.leaf_data(postern_internal.checkpoint_entry) is
'What is hashed for an entry of the log: its fields in order, each with its type, the personal ones as hashes. No setting of the session changes it. docs/log-format.md has every octet.';
