create or replace function postern_internal.gate_caller(callers jsonb)
returns table (name text, gates jsonb, actions text[], reached text[], unknowable boolean, unreadable text, late jsonb, swallowed jsonb, writes jsonb)
language sql
immutable
parallel safe
begin atomic
  select c.name, c.gates, c.actions, c.reached, c.unknowable, c.unreadable, c.late, c.swallowed, c.writes
    from pg_catalog.jsonb_to_recordset(callers) as c (name text, gates jsonb, actions text[], reached text[], unknowable boolean, unreadable text, late jsonb, swallowed jsonb, writes jsonb);
end;
revoke execute on function postern_internal.gate_caller(jsonb) from public;
comment on function postern_internal.gate_caller(jsonb) is
'The callers of a reading, one row each; see postern.gate_findings.';
