-- A name that is not a role yet could later be taken by somebody who may create roles.

create or replace function postern_internal.require_db_role(db_role name)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if db_role is not null and not exists (select from pg_roles as r where r.rolname = require_db_role.db_role) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such database role',
      detail = format('db_role is %I.', db_role),
      hint = 'Create the role first, or omit db_role for a user who works through the application.';
  end if;
end
$$;
revoke execute on function postern_internal.require_db_role(name) from public;
comment on function postern_internal.require_db_role(name) is 'Errors: PS107 db_role is not NULL and not a role of this cluster.';
