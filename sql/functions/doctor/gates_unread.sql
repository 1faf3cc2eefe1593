create or replace view postern_internal.gates_unread as
  select 'warn' as level, 'gates_unread' as code, format('database %I', current_database()) as object,
         'The calls of gates have to be read' as title,
         case when r.read_at is null then 'Functions name gates, but nobody has read them: the findings do not cover what they call.'
              else format('They were read on %s by %s. Since then functions, or what leads to them, were created, changed or dropped, so the findings on calls of gates may be out of date.',
                          to_char(r.read_at, 'YYYY-MM-DD HH24:MI:SS TZ'), quote_ident(r.read_by)) end as detail,
         'As a member of postern_admin, run: postern doctor' as fix
    from postern_internal.current_gate_reading as r
   where not r.is_current;
comment on view postern_internal.gates_unread is 'Check of postern.doctor: functions that were created, changed or dropped since postern doctor last read which gates they call.';
