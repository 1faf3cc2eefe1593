-- The function of the guard belongs to the owner of the table and runs with that owner's rights: the condition is the
-- owner's code. SECURITY DEFINER, since whoever writes the table may have no right to read it.
--
-- CREATE OR REPLACE TRIGGER needs no more than the privilege TRIGGER, with which a role could replace a guard by
-- something harmless. So nobody but the owner keeps it.

create or replace function postern.protect_gate(
  target regclass,
  gate_id text,
  operations text[] default '{insert,update,delete}',
  columns name[] default null,
  parameters jsonb default null,
  condition text default null,
  exclusive boolean default true
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  relation regclass;
  guard regprocedure;
  grantee regrole;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  select g.sorted_operations, g.sources into operations, parameters from postern.guard_arguments(target, gate_id, operations, parameters) as g;
  condition := nullif(btrim(condition, E' \t\r\n'), '');
  exclusive := coalesce(exclusive, true);
  -- From here to the end of the transaction no partition can be attached or detached, and nobody writes.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.check_guard(target, gate_id, operations, columns, parameters, condition);
  perform postern.record_guard(target, gate_id, operations, columns, parameters, condition, exclusive);
  if exclusive and postern.make_gate_exclusive(gate_id) then
    raise notice using
      message = format('Gate %s is exclusive from now on', gate_id),
      detail = 'Each pass of it needs its own approval, which opens no other gate. Unused approvals at it have ended.',
      hint = 'If other approvals are to open the guard too, unprotect the table and protect it with exclusive => false.';
  end if;
  guard := postern.put_guard_function(target, gate_id, postern.guard_body(target, gate_id, operations, columns, parameters, condition));
  if 'update' = any (operations) then
    perform postern.put_guarded_move(target, gate_id, columns);
  end if;
  for relation in select p from postern.protectable_tables(target) as p loop
    perform postern.put_guard(relation, gate_id, operations, guard);
    for grantee in
      select distinct x.grantee::regrole
        from pg_class as c cross join lateral aclexplode(c.relacl) as x
       where c.oid = relation and x.privilege_type = 'TRIGGER' and x.grantee <> c.relowner
    loop
      if grantee = 0 then
        execute format('revoke trigger on table %s from public cascade', relation);
      else
        execute format('revoke trigger on table %s from %s cascade', relation, grantee);
      end if;
      raise notice using
        message = format('The privilege TRIGGER on %s was revoked from %s', relation, case when grantee = 0 then 'public' else grantee::text end),
        detail = 'With it, that role could replace the triggers of the guard.',
        hint = 'Do not grant it again. Let the owner of the table create triggers.';
    end loop;
  end loop;
end
$$;
revoke execute on function postern.protect_gate(regclass, text, text[], name[], jsonb, text, boolean) from public;
grant execute on function postern.protect_gate(regclass, text, text[], name[], jsonb, text, boolean) to postern_admin;
comment on function postern.protect_gate(regclass, text, text[], name[], jsonb, text, boolean) is
'Guards a table with a gate: a statement that writes it reaches the gate when it ends, whoever sends it and through whatever function or view, the owner of the table and superusers included. target: a table owned by the caller; its partitions are guarded with it. gate_id: a registered gate; it asks only while it is active. operations: of insert, update and delete; with delete, TRUNCATE is refused. columns: an UPDATE that changes none of them asks nothing; NULL: all. parameters: for each parameter of the gate the column whose new value it gets (for DELETE the old one), or "count" or "sum(column)" over the rows of the statement; NULL: columns with the names of the parameters. condition: an SQL expression over old and new; rows for which it is false ask nothing; unknown counts as true; in INSERT all of old is NULL, in DELETE all of new. exclusive: whether each statement needs its own approval, for which the gate is made exclusive; otherwise an approval that opens other gates opens the guard too. Calling it again changes nothing, except that it repairs what was changed and includes new partitions. Errors: PS106 no such gate, PS107 the table can''t be guarded in this way, 42501; later, from statements on the table, those of postern.checkpoint, PS107 too many rows for one approval, and 55000 TRUNCATE.';
