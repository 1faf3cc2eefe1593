-- A query applies the policies of the table that it names. So a protected table needs its policy on itself, on all
-- tables below it, and also on all tables above it: attaching a protected table to another one shows its rows through
-- that one.

create or replace view postern_internal.protected_relation as
  with recursive
  recorded as materialized (
    select c.oid, p.protection, p.company_column, p.combination_column, p.ledger_column
      from postern_internal.protected_table as p
      join pg_namespace as n on n.nspname = p.schema_name
      join pg_class as c on c.relnamespace = n.oid and c.relname = p.table_name
     where p.protection <> 'gate'
       and c.relkind in ('r', 'p')
       and not exists (select
                         from unnest(array[p.company_column, p.combination_column, p.ledger_column]) as name
                        where name is not null
                          and not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = name and not a.attisdropped))
  ),
  above (recorded, relation) as (
    select r.oid, r.oid from recorded as r
    union
    select a.recorded, i.inhparent from above as a join pg_inherits as i on i.inhrelid = a.relation
  ),
  below (recorded, relation) as (
    select r.oid, r.oid from recorded as r
    union
    select b.recorded, i.inhrelid from below as b join pg_inherits as i on i.inhparent = b.relation
  ),
  top (recorded, relation) as materialized (
    select a.recorded, min(a.relation)
      from above as a
     where not exists (select from pg_inherits as i where i.inhrelid = a.relation)
     group by a.recorded
  ),
  family as materialized (
    select distinct on (f.relation) f.relation, f.recorded, f.place
      from (select a.recorded, a.relation, case when a.relation = a.recorded then 'itself' else 'above' end as place from above as a
             union all
            select b.recorded, b.relation, 'below' as place from below as b where b.relation <> b.recorded) as f
     order by f.relation, f.place = 'itself' desc, f.place = 'below' desc, f.recorded
  )
  select f.relation, f.place, f.recorded, r.protection, r.company_column, r.combination_column, r.ledger_column,
         ('postern_' || r.protection)::name as policy, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
         i.identity,
         case r.protection
           when 'company' then format('select postern.protect_company(%L, %L);', t.identity, r.company_column)
           else format('select postern.protect_ledger(%L, %L, %L%s);', t.identity, r.company_column, r.combination_column, ', ' || quote_literal(r.ledger_column))
         end as protect_again
    from family as f
    join recorded as r on r.oid = f.recorded
    join pg_class as c on c.oid = f.relation
    join top on top.recorded = f.recorded
   cross join lateral pg_identify_object('pg_class'::regclass, f.relation, 0) as i
   cross join lateral pg_identify_object('pg_class'::regclass, top.relation, 0) as t;
comment on view postern_internal.protected_relation is 'For postern.doctor: the tables in postern.protected_table, the tables below and above them by partitioning or inheritance, the policy that each of these must have, and the statement that repairs all of them.';
