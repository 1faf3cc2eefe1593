-- No CTE, so that the planner sees the whole query and expects few rows.

create or replace view postern_internal.company_column as
  select c.oid as relation, c.relkind, c.relowner, c.relacl, c.relrowsecurity, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
         -- A domain is written with the output function of its base type, however deep that is.
         t.typoutput = any (array(select b.typoutput from pg_type as b where b.oid = any (postern.protectable_types('company_column')::oid[]))) as is_protectable,
         t.typcategory
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join (select 'company'::name
           union
          select p.company_column from postern_internal.protected_table as p where p.company_column ~* 'company') as k (name) on k.name = a.attname
    join pg_type as t on t.oid = a.atttypid
   where c.relkind in ('r', 'p', 'f')
     and c.relpersistence <> 't'
     and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and c.relowner is distinct from to_regrole('postern_owner')
     and not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');
comment on view postern_internal.company_column is 'For postern.doctor: columns of tables and foreign tables of applications whose name suggests a company. is_protectable: whether protect_company accepts the type.';
