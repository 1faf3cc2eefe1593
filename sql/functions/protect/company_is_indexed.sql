-- An index serves "= any" and no hash. Where there is none, a hash is what is fast for somebody of many companies. So the policy
-- has both forms, and this says which. (Partitions by company are no reason: PostgreSQL leaves out none by an array that it
-- learns only while it runs.)
--
-- IMMUTABLE so that the planner asks, once, and plans one of the two. Both let the same rows through: an answer that is out of
-- date costs time and opens nothing. An index that comes or goes invalidates every plan of the table anyway.

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
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.company_is_indexed(regclass) to public;
comment on function postern.company_is_indexed(regclass) is
'For the policies of protect_company: whether target has an index led by the company, which finds the rows of some companies.';
