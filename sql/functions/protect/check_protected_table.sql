-- protect_... and unprotect write through a view with the rights of their caller. So any member of postern_admin can
-- also write to the view directly, and this trigger checks the login.

create or replace function postern_internal.check_protected_table()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  return null;
end
$$;
revoke execute on function postern_internal.check_protected_table() from public;
comment on function postern_internal.check_protected_table() is 'Trigger of postern_internal.protected_table. Errors: 42501 this database does not allow the login.';

create or replace trigger check_login
before insert or update or delete
on postern_internal.protected_table
for each statement
execute function postern_internal.check_protected_table();
comment on trigger check_login on postern_internal.protected_table is 'Only logins that this database allows may change what is protected.';
