-- The transaction then goes on as if the gate had been passed, and commits what the person was never asked about. Where
-- it is the guard of a table that asked, what the statement wrote is undone: nobody gets past the guard, and nobody is
-- asked.

create or replace function postern_internal.gate_swallowed(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  select case when s.guard then 'warn' else 'error' end as level, 'gate_swallowed' as code, 'function ' || c.name as object,
         case when s.guard then 'A handler swallows the error of a table''s guard' else 'A handler swallows the error of a gate' end as title,
         pg_catalog.string_agg(
           pg_catalog.format(case when s.guard then 'Line %s writes what is guarded by %s, in the block that begins in line %s.'
                                  else 'Line %s leads to %s, in the block that begins in line %s.' end, s.line,
                             case when s.gates = '{}' then 'a gate' else 'gate ' || pg_catalog.array_to_string(s.gates, ', ') end
                             || case when s.more > 0 then pg_catalog.format(' and %s more', s.more) else '' end, s.block),
           ' ' order by s.line, s.gates)
           || case when s.guard then ' The handler of that block catches PS101. So if the guard asks, nobody is asked, what was written is undone, and the transaction goes on without it.'
                   else ' The handler of that block catches PS101, so nobody is asked and the transaction goes on.' end as detail,
         'Let the error through: put "when sqlstate ''PS101'' then raise;" before the other conditions of the handler.' as fix
    from postern_internal.gate_caller(callers) as c
   cross join lateral pg_catalog.jsonb_to_recordset(c.swallowed) as s (line integer, block integer, gates text[], more integer, guard boolean)
   group by c.name, s.guard;
end;
revoke execute on function postern_internal.gate_swallowed(jsonb) from public;
comment on function postern_internal.gate_swallowed(jsonb) is 'Check of postern.doctor: functions that lead to a gate, or write a guarded table, in a block whose handler catches the gate''s error. callers: as for postern.gate_findings.';
