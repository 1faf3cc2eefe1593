create or replace function postern_internal.gate_not_called(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select 'warn' as level, 'gate_not_called' as code, 'gate ' || r.gate_id as object,
         'A gate is registered but nothing calls it' as title,
         'No function in this database calls it, no action references it, and it guards no table, so it stops no transaction.' as detail,
         'Call postern.checkpoint or security_sys.security_checkpoint with it where the business operation begins, reference it in an action, or guard a table with it: postern.protect_gate.' as fix
    from postern_internal.gate as r
   where not r.built_in
     -- A call with a computed id may be a call of any gate, and so may a call that cannot be read.
     and not exists (select from postern_internal.gate_caller(callers) as c where c.unknowable)
     and r.gate_id not in (select g.gate ->> 'id' from postern_internal.gate_caller(callers) as c
                            cross join lateral pg_catalog.jsonb_array_elements(c.gates) as g (gate))
     and not exists (select from postern_internal.protected_table as p where p.gate_id = r.gate_id)
     and not exists (select from postern_internal.action as a where r.gate_id = a.checkpoint or r.gate_id = any (a.legacy_checkpoints));
end;
revoke execute on function postern_internal.gate_not_called(jsonb) from public;
comment on function postern_internal.gate_not_called(jsonb) is 'Check of postern.doctor: registered gates that no function calls, no action references and no table is guarded with. callers: as for postern.gate_findings.';
