create or replace function postern.record_guard(
  target regclass,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text,
  exclusive boolean
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  recorded postern.protected_table;
  target_schema name;
  target_table name;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  if gate_id is null or operations is null or parameters is null or exclusive is null
     or not exists (select from postern.gate as g where g.gate_id = record_guard.gate_id) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such guard',
      detail = format('gate_id is %s; operations, parameters and exclusive may not be NULL.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL')),
      hint = 'Call postern.protect_gate, which calls this.';
  end if;
  select n.nspname, c.relname into strict target_schema, target_table
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target;
  insert into postern.protected_table as p (schema_name, table_name, protection, gate_id, operations, columns, parameters, condition, exclusive)
  values (target_schema, target_table, 'gate', gate_id, operations, columns, parameters, condition, exclusive)
  on conflict do nothing;
  if found then
    return;
  end if;
  select p.* into strict recorded from postern.protected_table as p
   where p.schema_name = target_schema and p.table_name = target_table and p.gate_id = record_guard.gate_id;
  if row(recorded.operations, recorded.columns, recorded.parameters, recorded.condition, recorded.exclusive)
     is distinct from row(operations, columns, parameters, condition, exclusive) then
    raise exception using
      errcode = 'PS107',
      message = format('%s is already guarded by gate %s in another way', target, gate_id),
      detail = jsonb_build_object('operations', recorded.operations, 'columns', recorded.columns, 'parameters', recorded.parameters,
                                  'condition', recorded.condition, 'exclusive', recorded.exclusive)::text,
      hint = format('Call postern.unprotect_gate(%L, %L) and protect the table as intended, in one transaction.', target, gate_id);
  end if;
end
$$;
revoke execute on function postern.record_guard(regclass, text, text[], name[], jsonb, text, boolean) from public;
grant execute on function postern.record_guard(regclass, text, text[], name[], jsonb, text, boolean) to postern_admin;
comment on function postern.record_guard(regclass, text, text[], name[], jsonb, text, boolean) is
'For protect_gate: lists the guard in postern.protected_table. Errors: PS107 the gate already guards the table in another way.';
