-- Faults that apply repairs by protecting a table again. It does not repair tables above it; only doctor reports those.

create or replace view postern.protection_fault as
  with guarded as materialized (
    select 'table ' || p.identity as object, p.recorded from postern_internal.protected_relation as p where p.place <> 'above'
  )
  select n.nspname as schema_name, c.relname as table_name, string_agg(f.object || ': ' || f.detail, ' ' order by f.object, f.detail) as fault,
         null::text as gate_id
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
  select p.schema_name, p.table_name, f.detail, null
    from postern_internal.stale_protection as f
    join postern_internal.protected_table as p on p.protection <> 'gate' and format('table %I.%I', p.schema_name, p.table_name) = f.object
   union all
  select n.nspname, c.relname, string_agg(f.object || ': ' || f.detail, ' ' order by f.object, f.detail), g.gate_id
    from postern_internal.changed_guard as f
    join (select r.object, r.recorded, r.gate_id from postern_internal.guarded_relation as r where r.place <> 'above') as g on g.object = f.object
    join pg_class as c on c.oid = g.recorded
    join pg_namespace as n on n.oid = c.relnamespace
   group by n.nspname, c.relname, g.gate_id
   union all
  select p.schema_name, p.table_name, f.detail, p.gate_id
    from postern_internal.stale_protection as f
    join postern_internal.protected_table as p on p.protection = 'gate' and format('guard %s of table %I.%I', p.gate_id, p.schema_name, p.table_name) = f.object;
revoke all on postern.protection_fault from public;
grant select on postern.protection_fault to postern_admin, postern_auditor;
comment on view postern.protection_fault is 'Protected tables that are not protected as requested, and what differs, in words; includes the tables below them. gate_id: that of a guard, otherwise NULL. To repair it, protect the table again.';
