-- Checked at registration and again at each use, because ALTER FUNCTION may have removed SECURITY DEFINER in between.
-- No lock keeps ALTER FUNCTION away between this check and the call, and the function would then run as postern_owner.
-- So its owner must be a role that could become postern_owner anyway.

create or replace function postern_internal.is_verify_function(candidate regprocedure)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
      from pg_proc as p
     where p.oid = candidate
       and p.prokind = 'f'
       and not p.proretset
       and p.prorettype = 'boolean'::regtype
       -- An oidvector counts from 0, so it never equals an array that counts from 1.
       and p.pronargs = 3
       and p.proargtypes[0] = 'text'::regtype
       and p.proargtypes[1] = 'text'::regtype
       and p.proargtypes[2] = 'jsonb'::regtype
       and p.prosecdef
       and exists (select from unnest(p.proconfig) as setting where starts_with(setting, 'search_path='))
       and has_schema_privilege(p.pronamespace, 'usage')
       and has_function_privilege(p.oid, 'execute')
       -- Before PostgreSQL 16, a role that may create roles may also join any of them.
       and (pg_has_role(p.proowner, 'postern_owner', 'member')
            or current_setting('server_version_num')::integer < 160000
               and (select r.rolcreaterole from pg_roles as r where r.oid = p.proowner))
  )
$$;
revoke execute on function postern_internal.is_verify_function(regprocedure) from public;
comment on function postern_internal.is_verify_function(regprocedure) is
'Whether candidate is a function (text, text, jsonb) returns boolean that runs with its owner''s rights and its own search_path, that postern_owner may call, and whose owner could become postern_owner.';
