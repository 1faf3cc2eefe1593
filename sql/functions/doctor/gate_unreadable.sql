create or replace function postern_internal.gate_unreadable(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  -- What is no function is an event, as INSERT on a table.
  select 'warn' as level, 'gate_unreadable' as code, case when c.name like '%)' then 'function ' else '' end || c.name as object,
         'What names gates cannot be read' as title,
         c.unreadable || '. Nobody can tell which gates it calls, so the other findings on gates leave it out.' as detail,
         'Correct it so that the server can run it, or make it less deep; drop it where nobody needs it.' as fix
    from postern_internal.gate_caller(callers) as c
   where c.unreadable <> '';
end;
revoke execute on function postern_internal.gate_unreadable(jsonb) from public;
comment on function postern_internal.gate_unreadable(jsonb) is 'Check of postern.doctor: what names gates and could not be parsed. callers: as postern.gate_findings takes them.';
