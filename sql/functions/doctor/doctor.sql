-- Checks that need a parser of PL/pgSQL use the stored reading of postern doctor; gates_unread reports when it is out
-- of date.

create or replace view postern.doctor as
  select f.level, f.code, f.object, f.title, f.detail, f.fix from postern.catalog_findings as f
   union all
  select f.level, f.code, f.object, f.title,
         postern.finding_detail(f.detail, f.code) as detail,
         postern.printable_statement(f.fix) as fix
    from postern_internal.gates_unread as f
   union all
  select f.level, f.code, f.object, f.title, f.detail, f.fix
    from postern_internal.current_gate_reading as r
   cross join lateral postern.gate_findings(r.callers) as f
   where r.callers is not null;
revoke all on postern.doctor from public;
grant select on postern.doctor to postern_admin, postern_auditor;
comment on view postern.doctor is 'What is left unprotected in this database, one row per finding. level: error or warn. code: the check, explained in docs/doctor. object: what it is about. fix: SQL to paste, or a description of what to do. No rows: nothing was found.';
