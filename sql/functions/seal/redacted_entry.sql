-- All that a redaction may do to an entry. check_redaction compares each UPDATE of the log with this.
--
-- The salt of the entry goes: with it, whoever has the hash of a removed user id could find the id by trying all of
-- them. So each field that stays gets its own salt, and each one that goes leaves its hash.

create or replace function postern_internal.redacted_entry(
  entry postern_internal.checkpoint_entry,
  fields integer[],
  recorded bigint
)
returns postern_internal.checkpoint_entry
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  salts bytea[] := array_fill(null::bytea, array[11]);
  redactions bigint[] := array_fill(null::bigint, array[11]);
begin
  for number in 5 .. 11 loop
    continue when number in (7, 10);
    redactions[number] := coalesce(entry.redactions[number], case when number = any (fields) then recorded end);
    salts[number] := case when entry.redactions[number] is not null then entry.salts[number]
                          when number = any (fields) then postern_internal.personal_field(entry, number)
                          else coalesce(entry.salts[number], postern_internal.field_salt(entry.salt, entry.log_id, number)) end;
  end loop;
  entry.salt := '00000000-0000-0000-0000-000000000000';
  entry.salts := salts;
  entry.redactions := redactions;
  if 5 = any (fields) then
    entry.userid := null;
  end if;
  if 6 = any (fields) then
    entry.authenticated_by := null;
    entry.assertion := null;
  end if;
  if 8 = any (fields) then
    entry.message := '';
    entry.parameters := '{}';
    entry.approved_message := null;
  end if;
  if 9 = any (fields) then
    entry.comment := null;
  end if;
  if 11 = any (fields) then
    entry.session_role := '';
    entry.client_addr := null;
    entry.application_name := '';
  end if;
  return entry;
end
$$;
revoke execute on function postern_internal.redacted_entry(postern_internal.checkpoint_entry, integer[], bigint) from public;
comment on function postern_internal.redacted_entry(postern_internal.checkpoint_entry, integer[], bigint) is
'An entry of the log without the values and salts of some personal fields. Its leaf stays the same. fields: their numbers in the leaf: 5, 6, 8, 9, 11. recorded: the log_id of the entry that records the redaction.';
