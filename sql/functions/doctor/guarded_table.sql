create or replace view postern_internal.guarded_table as
  select p.relation, p.identity, p.relowner from postern_internal.protected_relation as p
   union all
  select c.oid, 'postern.posting_combination', c.relowner from pg_class as c where c.oid = 'postern.posting_combination'::regclass;
comment on view postern_internal.guarded_table is 'For postern.doctor: all tables whose rows Postern guards, including its own public one.';
