-- Faults that apply repairs by protecting a table again. It does not repair tables above it; only doctor reports those.

create or replace view postern.protection_fault as
  with guarded as materialized (
    select 'table ' || p.identity as object, p.recorded from postern_internal.protected_relation as p where p.place <> 'above'
  )
  select n.nspname as schema_name, c.relname as table_name, string_agg(f.object || ': ' || f.detail, ' ' order by f.object, f.detail) as fault
    from (select f.object, f.detail from postern_internal.changed_protection as f
           union all
          select f.object, f.detail from postern_internal.unprotected_partition as f
           union all
          select f.object, f.detail from postern_internal.unforced_row_security as f) as f
    join guarded as g on g.object = f.object
    join pg_class as c on c.oid = g.recorded
    join pg_namespace as n on n.oid = c.relnamespace
   group by n.nspname, c.relname
   union all
  select p.schema_name, p.table_name, f.detail
    from postern_internal.stale_protection as f
    join postern_internal.protected_table as p on p.protection <> 'gate' and format('table %I.%I', p.schema_name, p.table_name) = f.object;
revoke all on postern.protection_fault from public;
grant select on postern.protection_fault to postern_admin, postern_auditor;
comment on view postern.protection_fault is 'Protected tables that are not protected as requested, and what differs, in words; includes the tables below them. To repair it, protect the table again.';
