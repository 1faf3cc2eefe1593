-- A validated foreign key (company, posting_combination_id) to postern.posting_combination guarantees that the company
-- of a row owns its combination. Then only the map has to be consulted. The columns are those that the policy of the
-- table reads, whatever their names.
--
-- IMMUTABLE, so that the planner evaluates it once, and the policy becomes one short test without the other branch. The
-- planner may trust the answer like a constraint: whatever changes it (adding or dropping a key, a column, a policy or
-- an inheriting table) invalidates every plan of the table and waits for the locks of running ones. So dropping the key
-- opens nothing.
--
-- No joins, for the reason given in company_is_indexed.

create or replace function postern.ledger_key_is_valid(target regclass)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  relation constant oid := target::oid;
  columns constant smallint[] := array(
    select d.refobjsubid::smallint
      from pg_depend as d
     where d.classid = 'pg_policy'::regclass::oid
       and d.objid = (select p.oid from pg_policy as p where p.polrelid = relation and p.polname = 'postern_ledger')
       and d.refclassid = 'pg_class'::regclass::oid
       and d.refobjid = relation
       and d.refobjsubid > 0);
  nullable constant smallint[] := array(select a.attnum from pg_attribute as a where a.attrelid = relation and a.attnum > 0 and not a.attnotnull);
begin
  -- Inheriting tables, unlike partitions, do not have the key.
  if (select c.relhassubclass and c.relkind <> 'p' from pg_class as c where c.oid = relation) then
    if exists (select from pg_inherits as i where i.inhparent = relation) then
      return false;
    end if;
  end if;
  return exists (
    select
      from pg_constraint as k
     where k.conrelid = relation
       and k.contype = 'f'
       and k.confrelid = 'postern.posting_combination'::regclass::oid
       and k.convalidated
       and not k.condeferrable
       and cardinality(k.conkey) = 2
       and k.conkey[1] = any (columns)
       and k.conkey[2] = any (columns)
       -- If one column may be NULL, MATCH SIMPLE does not check the other one.
       and (k.confmatchtype = 'f' or k.conkey[1] <> all (nullable) and k.conkey[2] <> all (nullable)));
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_key_is_valid(regclass) to public;
comment on function postern.ledger_key_is_valid(regclass) is
'For the policies of protect_ledger: whether a validated foreign key ties the company of each row of target to its posting combination.';
