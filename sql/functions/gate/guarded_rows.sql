-- Sorted, so that it does not matter in which order the statement finds the rows when it is sent again.

create or replace function postern_internal.guarded_rows(
  gate postern_internal.gate,
  rows jsonb
)
returns table (parameters jsonb, message text)
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  select c.parameters, m.message
    from pg_catalog.jsonb_array_elements(rows) as r (value)
   cross join lateral postern_internal.check_parameters((gate).gate_id, (gate).parameters, r.value) as c (parameters)
   cross join lateral postern_internal.substitute((gate).message_template, (gate).parameters, c.parameters) as m (message)
   order by postern_internal.canonical_text(c.parameters - (gate).unbound_parameters) collate "C", m.message collate "C";
end;
revoke execute on function postern_internal.guarded_rows(postern_internal.gate, jsonb) from public;
comment on function postern_internal.guarded_rows(postern_internal.gate, jsonb) is
'The parameters and the message of each row that a statement changes in a guarded table, in an order that depends only on their values. rows: an array of objects. Errors: PS107 parameters.';
