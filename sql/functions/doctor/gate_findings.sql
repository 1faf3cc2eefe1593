-- The checks on calls of gates. They take what was read as an argument, so that who may not keep a reading, or reads on a
-- standby, gets the same answers.

create or replace function postern.gate_findings(callers jsonb)
returns setof postern.catalog_findings
language plpgsql
stable
rows 10
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_gate_callers(callers);
  return query
    select f.level, f.code, f.object, f.title, postern.finding_detail(f.detail, f.code), postern.printable_statement(f.fix)
      from (
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_registered(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_called(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_referenced(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_unreadable(callers) as g
      ) as f;
end
$$;
revoke execute on function postern.gate_findings(jsonb) from public;
grant execute on function postern.gate_findings(jsonb) to postern_admin, postern_auditor;
comment on function postern.gate_findings(jsonb) is
'For postern.doctor and postern doctor: what the calls of gates, held against what is registered now, leave to do; columns as in postern.doctor. callers: an array, one object for each function or event of a relation that calls a gate or begins an action: name; gates, each with id and line; actions, those that it begins; reached, the gates that it leads to where it begins one; unknowable, whether it may call any gate; unreadable, why it cannot be parsed, else empty. Errors: PS107 argument.';
