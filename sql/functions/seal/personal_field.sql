-- Of a field that was removed, only the hash is left. It counts only while the columns are empty: with a value in them,
-- the field is hashed like any other, and does not fit its leaf. Otherwise somebody could write another user id into a
-- redacted entry.
--
-- The number is a constant where it matters, so that the planner leaves one branch of this.

create or replace function postern_internal.personal_field(
  entry postern_internal.checkpoint_entry,
  number integer
)
returns bytea
language sql
stable
begin atomic
  select case number
         when 5 then
           case when entry.redactions[5] is not null and octet_length(entry.salts[5]) = 32 and entry.userid is null
                then entry.salts[5]
                else postern_internal.salted_field(entry.salt, entry.log_id, 5, entry.salts[5], postern_internal.encode_field(entry.userid)) end
         when 6 then
           case when entry.redactions[6] is not null and octet_length(entry.salts[6]) = 32 and entry.authenticated_by is null and entry.assertion is null
                then entry.salts[6]
                else postern_internal.salted_field(entry.salt, entry.log_id, 6, entry.salts[6],
                          postern_internal.encode_field(entry.authenticated_by)
                       || case when entry.assertion is null then '' else postern_internal.encode_field(entry.assertion) end) end
         when 8 then
           case when entry.redactions[8] is not null and octet_length(entry.salts[8]) = 32
                     and entry.message = '' and entry.parameters = '{}' and entry.approved_message is null
                then entry.salts[8]
                else postern_internal.salted_field(entry.salt, entry.log_id, 8, entry.salts[8],
                          postern_internal.encode_field(entry.message)
                       || postern_internal.encode_field(entry.parameters::text)
                       || postern_internal.encode_field(entry.approved_message)) end
         when 9 then
           case when entry.redactions[9] is not null and octet_length(entry.salts[9]) = 32 and entry.comment is null
                then entry.salts[9]
                else postern_internal.salted_field(entry.salt, entry.log_id, 9, entry.salts[9], postern_internal.encode_field(entry.comment)) end
         when 11 then
           case when entry.redactions[11] is not null and octet_length(entry.salts[11]) = 32
                     and entry.session_role = '' and entry.client_addr is null and entry.application_name = ''
                then entry.salts[11]
                else postern_internal.salted_field(entry.salt, entry.log_id, 11, entry.salts[11],
                          postern_internal.encode_field(entry.session_role::text)
                       || postern_internal.encode_field(entry.client_addr::text)
                       || postern_internal.encode_field(entry.application_name)) end
         end;
end;
revoke execute on function postern_internal.personal_field(postern_internal.checkpoint_entry, integer) from public;
comment on function postern_internal.personal_field(postern_internal.checkpoint_entry, integer) is
'The hash of a personal field of an entry, 32 octets. number: the place of the field in the leaf: 5, 6, 8, 9 or 11.';
