-- A comment and an address are those of the person in whose session the entry was made. A comment may also be that of
-- the person who approved. A name that was typed, and is nobody's, may be a PIN or somebody else's name.
--
-- An assertion has the id of a passkey, which is always the same, and the challenge, which names the session's user. So it
-- goes with either of the two.
--
-- An administered entry is made by somebody else than the user whom it is about. Its content always names that user. The
-- login and the address that it was made from stay. Otherwise an administrator could speak for a user who leaves soon,
-- and be forgotten together with that user.

create or replace function postern_internal.personal_fields(
  entry postern_internal.checkpoint_entry,
  userid text,
  keep_content boolean
)
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  is_own constant boolean := entry.userid is not distinct from personal_fields.userid;
  is_approver constant boolean := entry.authenticated_by is not distinct from personal_fields.userid;
  is_administered constant boolean := entry.outcome = 'administered';
begin
  return array_remove(array[
    case when is_own then 5 end,
    case when is_approver
           or is_own and entry.assertion is not null
           or is_own and entry.authenticated_by is not null
              and not exists (select from postern_internal.end_user as u where u.userid = entry.authenticated_by) then 6 end,
    case when is_own and (is_administered or not keep_content) then 8 end,
    case when (is_own or is_approver) and entry.comment is not null then 9 end,
    case when is_own and not is_administered then 11 end], null);
end
$$;
revoke execute on function postern_internal.personal_fields(postern_internal.checkpoint_entry, text, boolean) from public;
comment on function postern_internal.personal_fields(postern_internal.checkpoint_entry, text, boolean) is
'Which fields of an entry are about a person: their numbers in the leaf. keep_content: whether message and parameters of business are not.';
