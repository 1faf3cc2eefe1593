create or replace function postern_internal.gate_unreadable(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  -- What is not a function is an event, like INSERT on a table.
  select 'warn' as level, 'gate_unreadable' as code, case when c.name like '%)' then 'function ' else '' end || c.name as object,
         'Code that names gates cannot be read' as title,
         c.unreadable || '. Which gates it calls is unknown, so the other findings on gates leave it out.' as detail,
         'Correct it so that the server can run it, or reduce its nesting; drop it if nobody needs it.' as fix
    from postern_internal.gate_caller(callers) as c
   where c.unreadable <> '';
end;
revoke execute on function postern_internal.gate_unreadable(jsonb) from public;
comment on function postern_internal.gate_unreadable(jsonb) is 'Check of postern.doctor: code that names gates but could not be parsed. callers: as for postern.gate_findings.';
