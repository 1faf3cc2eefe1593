-- A role that owns objects of Postern and could log in, or was there before with rights of its own, would undo all that
-- rests on it.

do $$
declare
  owning record;
begin
  for owning in
    select r.rolname as name,
           pg_catalog.concat_ws(', ',
             case when r.rolcanlogin then 'login' end,
             case when r.rolsuper then 'superuser' end,
             case when r.rolcreaterole then 'createrole' end,
             case when r.rolcreatedb then 'createdb' end,
             case when r.rolreplication then 'replication' end,
             case when r.rolbypassrls then 'bypassrls' end) as excess
      from pg_catalog.pg_roles as r
     where r.rolname in ('postern_owner', 'postern_event_function')
  loop
    if owning.excess <> '' then
      raise exception 'Role % may do more than own objects', owning.name
        using errcode = 'invalid_role_specification',
              detail = pg_catalog.format('It has: %s.', owning.excess),
              hint = pg_catalog.format('As a superuser: alter role %I nologin nosuperuser nocreaterole nocreatedb noreplication nobypassrls;', owning.name);
    end if;
  end loop;
end
$$;
