-- A postern_owner that could log in, or was there before with rights of its own, would undo all that rests on it.

do $$
declare
  excess text;
begin
  select pg_catalog.concat_ws(', ',
           case when r.rolcanlogin then 'login' end,
           case when r.rolsuper then 'superuser' end,
           case when r.rolcreaterole then 'createrole' end,
           case when r.rolcreatedb then 'createdb' end,
           case when r.rolreplication then 'replication' end,
           case when r.rolbypassrls then 'bypassrls' end)
    into excess
    from pg_catalog.pg_roles as r
   where r.rolname = 'postern_owner';
  if excess <> '' then
    raise exception 'Role postern_owner may do more than own objects'
      using errcode = 'invalid_role_specification',
            detail = pg_catalog.format('It has: %s.', excess),
            hint = 'As a superuser: alter role postern_owner nologin nosuperuser nocreaterole nocreatedb noreplication nobypassrls;';
  end if;
end
$$;
