-- Called only by functions that pin their search_path. Administrators usually log in as themselves, and no end user is known. current_userid would fail then.

create or replace function postern_internal.acting_userid()
returns text
language plpgsql
stable
as $$
begin
  if current_setting('postern.session', true) <> ''
     or exists (select from postern_internal.end_user as e where e.db_role = session_user and e.active) then
    return postern.current_userid();
  end if;
  return null;
end
$$;
revoke execute on function postern_internal.acting_userid() from public;
comment on function postern_internal.acting_userid() is
'The end user of this transaction; NULL if none is known. Errors: PS402 the session setting is forged, or comes from another transaction or database role.';
