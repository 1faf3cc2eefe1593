-- A MERGE hides rows from the guard's triggers: see refuse_guarded_move. So a partitioned table also has a trigger for
-- each row, which PostgreSQL gives to all partitions, later ones too. This is its condition: a row whose partition key
-- stays the same costs no call of the trigger's function. Keys are compared by the collation C, because under another
-- one different keys may be equal.

create or replace function postern.guarded_move(
  relation regclass,
  gate_id text
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  select format('postern.guard_stops(%L) and (%s)', gate_id, string_agg(distinct format('old.%1$I%2$s is distinct from new.%1$I%2$s', a.attname, case when a.attcollation <> 0 then ' collate "C"' end), ' or '))
    from pg_partition_tree(relation) as t
    join pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = t.relid and d.refclassid = 'pg_class'::regclass and d.refobjid = t.relid
    join pg_attribute as a on a.attrelid = t.relid and a.attnum = d.objsubid
   where d.objsubid > 0 and d.refobjsubid = 0 and d.deptype = 'i'
  having count(*) > 0;
end;
revoke execute on function postern.guarded_move(regclass, text) from public;
grant execute on function postern.guarded_move(regclass, text) to postern_admin, postern_auditor;
comment on function postern.guarded_move(regclass, text) is
'For protect_gate and doctor: the condition under which a row of a partitioned table might move to another partition. NULL for any other table.';
