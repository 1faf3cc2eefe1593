-- Dynamic, because DDL takes no parameters. It runs with the caller's rights, so it fails for a caller who may not
-- change the table. Nothing changes if nothing differs, and a trigger that somebody has disabled or replaced is
-- repaired.
--
-- ENABLE ALWAYS, because session_replication_role would switch off ordinary triggers.

create or replace function postern.put_guard(
  relation regclass,
  gate_id text,
  operations text[],
  guard regprocedure
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  wanted record;
begin
  perform postern.check_allowed_login('postern_admin');
  if relation is null or operations is null or guard is null
     or not exists (select from pg_class as c where c.oid = relation and pg_has_role(current_user, c.relowner, 'usage'))
     or not exists (select from postern.gate as g where g.gate_id = put_guard.gate_id)
     or not operations <@ array['insert', 'update', 'delete'] then
    raise exception using
      errcode = 'PS107',
      message = 'The table or the guard is not usable',
      detail = format('relation is %s, guard is %s, operations is %s.', coalesce(relation::text, 'NULL'), coalesce(guard::text, 'NULL'),
                      coalesce(left(to_jsonb(operations)::text, 1000), 'NULL')),
      hint = 'Call postern.protect_gate as the owner of the table, which calls this.';
  end if;
  for wanted in
    select o.operation, postern.guard_name(gate_id, o.operation) as name,
           case o.operation when 'truncate' then 'postern.refuse_guarded_truncate()'::regprocedure else guard end as called,
           case o.operation when 'insert' then 'after insert on %s referencing new table as postern_new'
                            when 'delete' then 'after delete on %s referencing old table as postern_old'
                            when 'update' then 'after update on %s referencing old table as postern_old new table as postern_new'
                            else 'before truncate on %s' end as event,
           case o.operation when 'truncate' then quote_literal(gate_id) else '' end as arguments
      from unnest(operations || case when 'delete' = any (operations) then array['truncate'] end) as o (operation)
  loop
    continue when postern.guard_is_in_place(relation, gate_id, wanted.operation, wanted.called);
    execute format('create or replace trigger %I ' || wanted.event || ' for each statement when (postern.guard_stops(%L)) execute function %s(%s)',
                   wanted.name, relation, gate_id, wanted.called::regproc, wanted.arguments);
    execute format('alter table %s enable always trigger %I', relation, wanted.name);
    execute format('comment on trigger %I on %s is %L', wanted.name, relation, format('Made by Postern: gate %s guards this table.', gate_id));
  end loop;
end
$$;
revoke execute on function postern.put_guard(regclass, text, text[], regprocedure) from public;
grant execute on function postern.put_guard(regclass, text, text[], regprocedure) to postern_admin;
comment on function postern.put_guard(regclass, text, text[], regprocedure) is
'For protect_gate: gives a table the triggers of a guard. guard: its function. Errors: PS107 an argument is missing, the table is not the caller''s; 42501.';
