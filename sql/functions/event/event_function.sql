-- The grant is the allow-list: only the owner of the function can give it, and a grant to PUBLIC does not count. So an
-- administrator of Postern cannot make events call a function that its owner did not intend for them. SECURITY DEFINER
-- is required: a function with the rights of postern_event_function could call the functions of other owners.

create or replace function postern_internal.event_function(name text)
returns regprocedure
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[];
begin
  -- Looked up in the catalog, because resolving a name needs rights on its schema, which postern_owner may lack.
  begin
    parts := parse_ident(regexp_replace(name, '[[:space:]]*[(][[:space:]]*jsonb[[:space:]]*[)][[:space:]]*$', ''));
  exception when invalid_parameter_value then
    return null;
  end;
  return (
    select p.oid::regprocedure
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
     where cardinality(parts) = 2
       and n.nspname = parts[1]
       and p.proname = parts[2]
       and p.prokind = 'f'
       and not p.proretset
       and p.prorettype = 'void'::regtype
       and p.pronargs = 1
       and p.proargtypes[0] = 'jsonb'::regtype
       and p.prosecdef
       and exists (select from unnest(p.proconfig) as setting where starts_with(setting, 'search_path='))
       and exists (select
                     from aclexplode(p.proacl) as a
                    where a.grantee = 'postern_event_function'::regrole
                      and a.privilege_type = 'EXECUTE'));
end
$$;
revoke execute on function postern_internal.event_function(text) from public;
comment on function postern_internal.event_function(text) is
'The function with this name (schema.name or schema.name(jsonb)), if events may call it: (event jsonb) returns void, SECURITY DEFINER, with its search_path set, and EXECUTE granted directly to postern_event_function. NULL otherwise.';
