-- PostgreSQL gives the trigger of a partitioned table to each of its partitions, and each of these can be disabled.

create or replace function postern.guarded_move_is_in_place(
  relation regclass,
  gate_id text,
  columns name[]
)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
begin atomic
  select w.condition is null
         or bool_and(exists (
              select
                from pg_trigger as t
               where t.tgrelid = p.relid
                 and t.tgname = '~' || postern.guard_name(gate_id, 'move')
                 and t.tgfoid = 'postern.refuse_guarded_move()'::regprocedure
                 and t.tgenabled = 'A'
                 and t.tgtype = 19  -- before, update, for each row
                 and cardinality(t.tgattr::int2[]) = 0
                 and t.tgargs = w.arguments
                 and (p.relid <> relation
                      or postern.same_condition(substring(pg_get_triggerdef(t.oid) from ' WHEN [(](.*)[)] EXECUTE '), w.condition))))
    from (select postern.guarded_move(relation, gate_id) as condition,
                 string_agg(convert_to(a.argument, 'UTF8') || '\x00'::bytea, ''::bytea order by a.position) as arguments
            from unnest(postern.guarded_move_arguments(relation, gate_id, columns)) with ordinality as a (argument, position)) as w
    left join pg_partition_tree(relation) as p on true
   group by w.condition;
end;
revoke execute on function postern.guarded_move_is_in_place(regclass, text, name[]) from public;
grant execute on function postern.guarded_move_is_in_place(regclass, text, name[]) to postern_admin, postern_auditor;
comment on function postern.guarded_move_is_in_place(regclass, text, name[]) is
'For postern.doctor: whether a guarded table and all its partitions have the trigger that keeps rows from moving unseen, enabled always and unchanged; true if the table needs none. columns: those of protect_gate.';
