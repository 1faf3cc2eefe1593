-- What a transaction has done before the gate is undone, and done again after the person has answered.

create or replace function postern_internal.gate_late(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select 'warn' as level, 'gate_late' as code, 'function ' || c.name as object,
         'A gate is called behind a write' as title,
         pg_catalog.string_agg(
           pg_catalog.format('It calls %s%s, behind the write%s.', case when g.id = '' then 'a gate' else 'gate ' || g.id end,
                             case when g.line > 0 then pg_catalog.format(' in line %s', g.line) end,
                             case when g.write > 0 then pg_catalog.format(' in line %s', g.write) end),
           ' ' order by g.line, g.id) || ' The write is undone when the gate asks, and runs again with the answer.' as detail,
         'Call the gate before the first write of the function.' as fix
    from postern_internal.gate_caller(callers) as c
   cross join lateral pg_catalog.jsonb_to_recordset(c.late) as g (id text, line integer, write integer)
   group by c.name;
end;
revoke execute on function postern_internal.gate_late(jsonb) from public;
comment on function postern_internal.gate_late(jsonb) is 'Check of postern.doctor: functions that call a gate behind a write. callers: as for postern.gate_findings.';
