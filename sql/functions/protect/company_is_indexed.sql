-- An index can serve "= any (array)", but not "in (select ...)". Without an index, "in" is faster for a user of many
-- companies, because it uses a hash. So the policy has both forms, and this function chooses one. (Partitioning by
-- company does not call for an array: PostgreSQL prunes no partitions by an array that it learns during execution.)
--
-- IMMUTABLE, so that the planner evaluates it once and plans only one form. Both forms show the same rows, so an
-- outdated answer costs time but opens nothing. Creating or dropping an index invalidates every plan of the table
-- anyway.

create or replace function postern.company_is_indexed(target regclass)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
      from pg_policy as p
      join pg_depend as d
        on d.classid = 'pg_policy'::regclass and d.objid = p.oid
       and d.refclassid = 'pg_class'::regclass and d.refobjid = target and d.refobjsubid > 0
      join pg_index as i on i.indrelid = target and i.indkey[0] = d.refobjsubid
     where p.polrelid = target and p.polname = 'postern_company'
       and i.indisvalid
       and i.indpred is null
       and pg_index_column_has_property(i.indexrelid, 1, 'search_array'));
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.company_is_indexed(regclass) to public;
comment on function postern.company_is_indexed(regclass) is
'For the policies of protect_company: whether target has an index that begins with the company column and can find the rows of several companies.';
