-- A validated foreign key (company, posting_combination_id) to postern.posting_combination guarantees that the company
-- of a row owns its combination. Then only the map has to be consulted. The columns are those that the policy of the
-- table reads, whatever their names.
--
-- IMMUTABLE, so that the planner evaluates it once, and the policy becomes one short test without the other branch. The
-- planner may trust the answer like a constraint: whatever changes it (adding or dropping a key, a column, a policy or
-- an inheriting table) invalidates every plan of the table and waits for the locks of running ones. So dropping the key
-- opens nothing.

create or replace function postern.ledger_key_is_valid(target regclass)
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
      from pg_constraint as k
      join pg_class as c on c.oid = k.conrelid
     where k.conrelid = target
       and k.contype = 'f'
       and k.confrelid = 'postern.posting_combination'::regclass
       and k.convalidated
       and not k.condeferrable
       and cardinality(k.conkey) = 2
       -- If one column may be NULL, MATCH SIMPLE does not check the other one.
       and (k.confmatchtype = 'f'
            or not exists (select from pg_attribute as a where a.attrelid = target and a.attnum = any (k.conkey) and not a.attnotnull))
       and k.conkey <@ array(select d.refobjsubid::smallint
                               from pg_policy as p
                               join pg_depend as d
                                 on d.classid = 'pg_policy'::regclass and d.objid = p.oid
                                and d.refclassid = 'pg_class'::regclass and d.refobjid = target and d.refobjsubid > 0
                              where p.polrelid = target and p.polname = 'postern_ledger')
       -- Inheriting tables, unlike partitions, do not have the key.
       and (c.relkind = 'p' or not exists (select from pg_inherits as i where i.inhparent = target)));
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_key_is_valid(regclass) to public;
comment on function postern.ledger_key_is_valid(regclass) is
'For the policies of protect_ledger: whether a validated foreign key ties the company of each row of target to its posting combination.';
