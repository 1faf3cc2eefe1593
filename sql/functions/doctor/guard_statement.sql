create or replace function postern.guard_statement(
  target text,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text,
  exclusive boolean
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select 'select postern.protect_gate(' || concat_ws(', ',
           quote_literal(target), quote_literal(gate_id), quote_literal(operations::text),
           'columns => ' || quote_literal(columns::text),
           'parameters => ' || quote_literal(parameters::text),
           'condition => ' || quote_literal(condition),
           case when not exclusive then 'exclusive => false' end) || ');';
end;
revoke execute on function postern.guard_statement(text, text, text[], name[], jsonb, text, boolean) from public;
grant execute on function postern.guard_statement(text, text, text[], name[], jsonb, text, boolean) to postern_admin, postern_auditor;
comment on function postern.guard_statement(text, text, text[], name[], jsonb, text, boolean) is
'For postern.doctor: the statement that guards a table. target: its name, quoted as an identifier. The others: arguments of protect_gate; one that is NULL is left out.';
