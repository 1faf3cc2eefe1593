-- Foreign keys that change rows of one table when rows of another one are deleted or updated.
select k.confrelid as parent,
       k.conrelid as child,
       case k.confdeltype when 'c' then 'DELETE' when 'n' then 'UPDATE' when 'd' then 'UPDATE' else '' end as on_delete,
       case when k.confupdtype in ('c', 'n', 'd') then 'UPDATE' else '' end as on_update
  from pg_catalog.pg_constraint as k
 where k.contype = 'f'
   and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
