-- The checks on calls of gates. They take the reading as an argument, so that a login that may not store a reading, or
-- that reads on a standby, gets the same answers.

create or replace function postern.gate_findings(callers jsonb)
returns setof postern.catalog_findings
language plpgsql
stable
rows 10
security definer
set search_path = pg_catalog, pg_temp
set jit = off
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
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_swallowed(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_late(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.ungated_write(callers) as g
      ) as f;
end
$$;
revoke execute on function postern.gate_findings(jsonb) from public;
grant execute on function postern.gate_findings(jsonb) to postern_admin, postern_auditor;
comment on function postern.gate_findings(jsonb) is
'For postern.doctor and postern doctor: findings from comparing the calls of gates with the present registrations; columns as in postern.doctor. callers: an array with one object for each function, or event of a relation, that calls a gate, begins an action, writes a table behind one, or leads to a gate in a block with a handler: name; gates, each with id and line; actions, those that it begins; reached, the gates that it leads to if it begins one; unknowable, whether it may call any gate; unreadable, why it cannot be parsed, otherwise empty; late, the calls of gates behind a write, each with id, line, and the line of the write; swallowed, the calls in a block whose handler keeps the error of a gate from the client, each with line, the line of the block, the first gates to which it leads, how many more there are, and whether only guards of tables reach them; writes, what it writes to tables, each with schema, table, operation, and the columns that the statement names, if each way to it begins with a gate or an action; behind, the first gates on these ways, the actions that begin those without a gate, and the first functions behind them that run with the rights of their owners. Errors: PS107 argument.';
