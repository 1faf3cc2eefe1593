-- An index can serve "= any (array)", but not "in (select ...)". Without an index, "in" is faster for a user of many
-- companies, because it uses a hash. So the policy has both forms, and this function chooses one. (Partitioning by
-- company does not call for an array: PostgreSQL prunes no partitions by an array that it learns during execution.)
--
-- IMMUTABLE, so that the planner evaluates it once and plans only one form. Both forms show the same rows, so an
-- outdated answer costs time but opens nothing. Creating or dropping an index invalidates every plan of the table
-- anyway.
--
-- Each new connection asks this in its first query. So there are no joins, and only values of the same type are
-- compared: to plan the rest, PostgreSQL would read twice as much of its catalog. TestFirstQueryReadsLittleOfTheCatalog
-- counts it.

create or replace function postern.company_is_indexed(target regclass)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  relation constant oid := target::oid;
  company constant integer := (
    select d.refobjsubid
      from pg_depend as d
     where d.classid = 'pg_policy'::regclass::oid
       and d.objid = (select p.oid from pg_policy as p where p.polrelid = relation and p.polname = 'postern_company')
       and d.refclassid = 'pg_class'::regclass::oid
       and d.refobjid = relation
       and d.refobjsubid > 0
     limit 1);
begin
  return exists (
    select
      from pg_index as i
     where i.indrelid = relation
       and i.indkey[0] = company
       and i.indisvalid
       and i.indpred is null
       and pg_index_column_has_property(i.indexrelid, 1, 'search_array'));
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.company_is_indexed(regclass) to public;
comment on function postern.company_is_indexed(regclass) is
'For the policies of protect_company: whether target has an index that begins with the company column and can find the rows of several companies.';
