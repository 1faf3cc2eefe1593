-- Whoever writes a row may put line ends into its values. Shown as they are, they would look like the lines of other
-- rows. So each row has one line, which is also what is logged.
--
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
  select c.parameters, l.message
    from pg_catalog.jsonb_array_elements(rows) as r (value)
   cross join lateral postern_internal.check_parameters((gate).gate_id, (gate).parameters, r.value) as c (parameters)
   cross join lateral postern_internal.substitute((gate).message_template, (gate).parameters, c.parameters) as m (message)
   cross join lateral pg_catalog.regexp_replace(m.message, E'\r\n|[\n\x0B\f\r\u0085\u2028\u2029]', E'\\\\n', 'g') as l (message)
   order by postern_internal.canonical_text(c.parameters - (gate).unbound_parameters) collate "C", l.message collate "C";
end;
revoke execute on function postern_internal.guarded_rows(postern_internal.gate, jsonb) from public;
comment on function postern_internal.guarded_rows(postern_internal.gate, jsonb) is
'The parameters and the message, on one line, of each row that a statement changes in a guarded table, in an order that depends only on their values. rows: an array of objects. Errors: PS107 parameters.';
