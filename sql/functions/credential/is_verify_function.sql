-- Asked at registration and again at each use: ALTER FUNCTION could have taken the SECURITY DEFINER away since.

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
       and p.proargtypes::oid[] = array['text'::regtype::oid, 'text'::regtype::oid, 'jsonb'::regtype::oid]
       and p.prosecdef
       and exists (select from unnest(p.proconfig) as setting where setting like 'search\_path=%')
  )
$$;
revoke execute on function postern_internal.is_verify_function(regprocedure) from public;
comment on function postern_internal.is_verify_function(regprocedure) is
'Whether candidate is a function (text, text, jsonb) returns boolean that runs with its own owner''s rights and its own search_path.';
