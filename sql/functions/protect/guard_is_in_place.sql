-- The type of a trigger is a set of bits: 2 is before, 4 insert, 8 delete, 16 update, 32 truncate, 1 for each row.

create or replace function postern.guard_is_in_place(
  relation regclass,
  gate_id text,
  operation text,
  called regprocedure
)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
begin atomic
  select exists (
    select
      from pg_trigger as t
     where t.tgrelid = relation
       and t.tgname = postern.guard_name(gate_id, operation)
       and t.tgfoid = called
       and t.tgenabled = 'A'
       and t.tgtype = case operation when 'insert' then 4 when 'delete' then 8 when 'update' then 16 else 34 end
       and cardinality(t.tgattr::int2[]) = 0
       and t.tgoldtable is not distinct from case when operation in ('delete', 'update') then 'postern_old'::name end
       and t.tgnewtable is not distinct from case when operation in ('insert', 'update') then 'postern_new'::name end
       and pg_get_triggerdef(t.oid) like '% WHEN (' || replace(format('postern.guard_stops(%L::text)', gate_id), '_', '\_') || ') EXECUTE %'
       and t.tgargs = case operation when 'truncate' then convert_to(gate_id, 'UTF8') || '\x00'::bytea else ''::bytea end);
end;
revoke execute on function postern.guard_is_in_place(regclass, text, text, regprocedure) from public;
grant execute on function postern.guard_is_in_place(regclass, text, text, regprocedure) to postern_admin, postern_auditor;
comment on function postern.guard_is_in_place(regclass, text, text, regprocedure) is
'For protect_gate and doctor: whether a table has the trigger of a guard for one operation, enabled always and unchanged. operation: insert, update, delete or truncate. called: the function that it must call.';
