-- The transaction then goes on as if the gate had been passed, and commits what the person was never asked about.

create or replace function postern_internal.gate_swallowed(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select 'error' as level, 'gate_swallowed' as code, 'function ' || c.name as object,
         'A handler swallows the error of a gate' as title,
         pg_catalog.string_agg(
           pg_catalog.format('Line %s leads to %s, in the block that begins in line %s.', s.line,
                             case when s.gates = '{}' then 'a gate' else 'gate ' || pg_catalog.array_to_string(s.gates, ', ') end
                             || case when s.more > 0 then pg_catalog.format(' and %s more', s.more) else '' end, s.block),
           ' ' order by s.line, s.gates) || ' The handler of that block catches PS101, so nobody is asked and the transaction goes on.' as detail,
         'Let the error through: put "when sqlstate ''PS101'' then raise;" before the other conditions of the handler.' as fix
    from postern_internal.gate_caller(callers) as c
   cross join lateral pg_catalog.jsonb_to_recordset(c.swallowed) as s (line integer, block integer, gates text[], more integer)
   group by c.name;
end;
revoke execute on function postern_internal.gate_swallowed(jsonb) from public;
comment on function postern_internal.gate_swallowed(jsonb) is 'Check of postern.doctor: functions that lead to a gate in a block whose handler catches its error. callers: as for postern.gate_findings.';
