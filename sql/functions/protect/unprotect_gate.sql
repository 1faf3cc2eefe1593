create or replace function postern.unprotect_gate(
  target regclass,
  gate_id text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  listed boolean;
  guard record;
  called regprocedure;
  functions regprocedure[] := '{}'::regprocedure[];
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target, true);
  delete from postern.protected_table as p
   using pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target and p.schema_name = n.nspname and p.table_name = c.relname and p.gate_id = unprotect_gate.gate_id;
  listed := found;
  execute format('lock table %s in access exclusive mode', target);
  for guard in
    select t.tgrelid::regclass as relation, t.tgname, t.tgfoid::regprocedure as called
      from postern.protectable_tables(target, true) as p (relation)
      join pg_trigger as t on t.tgrelid = p.relation
      join (select postern.guard_name(gate_id, o.operation) as name from unnest(array['insert', 'update', 'delete', 'truncate']) as o (operation)
             union all
            select '~' || postern.guard_name(gate_id, 'move')) as n on n.name = t.tgname
     where t.tgparentid = 0  -- partitions lose theirs with it
  loop
    execute format('drop trigger %I on %s', guard.tgname, guard.relation);
    functions := functions || guard.called;
  end loop;
  if not listed and functions = '{}' then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not guarded by this gate', target),
      detail = format('gate_id is %s.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL')),
      hint = 'Choose a row of postern.protected_table whose protection is gate.';
  end if;
  foreach called in array array(select distinct f from unnest(functions) as f) loop
    if exists (select
                 from pg_proc as p
                where p.oid = called and pg_has_role(current_user, p.proowner, 'usage')
                  and starts_with(p.proname, postern.guard_name(gate_id, '')) and p.pronargs = 0)
       and not exists (select from pg_trigger as t where t.tgfoid = called) then
      execute format('drop function %s', called);
    end if;
  end loop;
end
$$;
revoke execute on function postern.unprotect_gate(regclass, text) from public;
grant execute on function postern.unprotect_gate(regclass, text) to postern_admin;
comment on function postern.unprotect_gate(regclass, text) is
'Removes what protect_gate added to a table and its partitions. The gate stays exclusive, and nobody gets the privilege TRIGGER back. Errors: PS107 the gate does not guard the table, or the table is not the caller''s; 42501.';
