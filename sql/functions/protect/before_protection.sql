-- The comment of Postern's own policy holds what unprotect has to restore. That is known only when the table is first
-- protected. A comment stays with its table through a rename and a dump, and vanishes with DROP TABLE.

create or replace function postern.before_protection(
  relation regclass,
  out enabled boolean,
  out forced boolean,
  out policies text[],
  out permitted boolean
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  recorded jsonb;
begin
  begin
    select substring(obj_description(p.oid, 'pg_policy') from 'Before protection: ({.*})$')::jsonb
      into recorded
      from pg_policy as p
     where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger')
     order by p.polname
     limit 1;
    enabled := (recorded ->> 'enabled')::boolean;
    forced := (recorded ->> 'forced')::boolean;
    policies := array(select jsonb_array_elements_text(recorded -> 'policies'));
  exception when data_exception then
    recorded := null;  -- somebody has rewritten the comment
  end;
  if enabled is null or forced is null or policies is null then
    -- If the policy postern_permit exists, Postern has switched row security on. Otherwise the present state counts.
    select c.relrowsecurity and not p.permit, c.relforcerowsecurity and not p.permit, case when p.permit then '{}' else p.names end
      into enabled, forced, policies
      from pg_class as c
     cross join lateral (
       select coalesce(bool_or(p.polname = 'postern_permit'), false) as permit,
              coalesce(array_agg(p.polname::text order by p.polname) filter (where p.polname not in ('postern_company', 'postern_ledger')), '{}') as names
         from pg_policy as p
        where p.polrelid = c.oid
     ) as p
     where c.oid = relation;
  end if;
  -- Until then, grants alone controlled access.
  permitted := not enabled and cardinality(policies) = 0;
end
$$;
revoke execute on function postern.before_protection(regclass) from public;
grant execute on function postern.before_protection(regclass) to postern_admin, postern_auditor;
comment on function postern.before_protection(regclass) is
'For put_policy, unprotect and doctor: the state of a table before it was protected; for an unprotected table, its present state. enabled, forced: its row security. policies: the names of its policies. permitted: it had neither row security nor policies, so that Postern gives it the policy postern_permit. NULLs if there is no such table.';
