-- Adds another way to authenticate, as a row. Its function gets what the person typed and runs inside authenticate. So
-- it must be SECURITY DEFINER: otherwise it would run with the rights of postern_owner instead of its owner's.

create or replace function postern.register_scheme(
  scheme text,
  verify_function regprocedure
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if scheme is null or scheme !~ '^[A-Z][A-Z0-9_]{0,29}$' or scheme in ('PIN', 'TOTP', 'PASSKEY') then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the scheme is not usable',
      detail = format('scheme is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL')),
      hint = 'Use 1 to 30 capital letters, digits and underscores, beginning with a letter. PIN, TOTP and PASSKEY are built in.';
  end if;
  if not postern_internal.is_verify_function(verify_function) then
    raise exception using
      errcode = 'PS107',
      message = 'The function cannot verify a scheme',
      detail = format('verify_function is %s.', coalesce(verify_function::text, 'NULL')),
      hint = 'Pass a function (userid text, response text, challenge jsonb) returns boolean that is SECURITY DEFINER, has its search_path set and may be executed by postern_owner. '
           'A superuser, or another role that may become postern_owner, must own it, because its owner can replace it.';
  end if;
  insert into postern_internal.scheme as s (scheme, verify_function)
  select scheme, format('%I.%I(text,text,jsonb)', n.nspname, p.proname)
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
   where p.oid = verify_function
  on conflict on constraint scheme_pkey do update
     set verify_function = excluded.verify_function, enabled = true;
end
$$;
revoke execute on function postern.register_scheme(text, regprocedure) from public;
grant execute on function postern.register_scheme(text, regprocedure) to postern_admin;
comment on function postern.register_scheme(text, regprocedure) is
'Adds a way to authenticate, or replaces its function and enables it. verify_function (userid text, response text, challenge jsonb) returns boolean: userid is NULL if no response can be right, and the function should then take just as long; challenge has gate, description, action, parameters, message, username. It must be SECURITY DEFINER with search_path set, executable by postern_owner, and owned by a role that may become postern_owner. Everything it does is rolled back: it cannot write. An error, a cancel or a timeout in it counts as a wrong response. Errors: PS107.';
