create or replace function postern_internal.gate_not_called(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select 'warn' as level, 'gate_not_called' as code, 'gate ' || r.gate_id as object,
         'A gate is registered and nothing calls it' as title,
         'No function in this database calls it, and no action refers to it: it stops nobody.' as detail,
         'Call postern.checkpoint or security_sys.security_checkpoint with it where the business begins, or refer to it from an action.' as fix
    from postern_internal.gate as r
   where not r.built_in
     -- A call with a computed id may be one of any gate, and so may one that can't be read.
     and not exists (select from postern_internal.gate_caller(callers) as c where c.unknowable)
     and r.gate_id not in (select g.gate ->> 'id' from postern_internal.gate_caller(callers) as c
                            cross join lateral pg_catalog.jsonb_array_elements(c.gates) as g (gate))
     and not exists (select from postern_internal.action as a where r.gate_id = a.checkpoint or r.gate_id = any (a.legacy_checkpoints));
end;
revoke execute on function postern_internal.gate_not_called(jsonb) from public;
comment on function postern_internal.gate_not_called(jsonb) is 'Check of postern.doctor: registered gates that no function calls and no action refers to. callers: as postern.gate_findings takes them.';
