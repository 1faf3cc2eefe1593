create or replace function postern_internal.gate_not_registered(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select distinct on (g.gate ->> 'id')
         'error' as level, 'gate_not_registered' as code, 'gate ' || (g.gate ->> 'id') as object,
         'A gate is called that is not registered' as title,
         pg_catalog.format('%s calls it%s, and fails with PS106.', c.name, case when g.gate ->> 'line' <> '0' then ', line ' || (g.gate ->> 'line') end) as detail,
         'Register it with the application: postern.register_gate(gate_id, description, message, parameters); or correct the id in the call.' as fix
    from postern_internal.gate_caller(callers) as c
   cross join lateral pg_catalog.jsonb_array_elements(c.gates) as g (gate)
   where not exists (select from postern_internal.gate as r where r.gate_id = g.gate ->> 'id')
   order by g.gate ->> 'id', c.name collate "C", (g.gate -> 'line');
end;
revoke execute on function postern_internal.gate_not_registered(jsonb) from public;
comment on function postern_internal.gate_not_registered(jsonb) is 'Check of postern.doctor: gates that functions call but nobody has registered. callers: as for postern.gate_findings.';
