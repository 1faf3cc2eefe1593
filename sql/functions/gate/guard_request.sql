-- One row asks as a business function would, so that both can share an approval. Several rows ask once. The key "each
-- row" has a space, which no parameter's name has: so the approval of one row cannot pass for that of several.

create or replace function postern_internal.guard_request(
  gate postern_internal.gate,
  rows jsonb,
  out parameters jsonb,
  out message text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_array_length(rows) = 1 then
    select r.parameters, r.message into parameters, message from postern_internal.guarded_rows(gate, rows) as r;
    return;
  end if;
  select jsonb_build_object('each row', jsonb_agg(r.parameters - gate.unbound_parameters order by r.position)),
         string_agg(r.message, E'\n' order by r.position)
    into parameters, message
    from postern_internal.guarded_rows(gate, rows) with ordinality as r (parameters, message, position);
  if length(parameters::text) > 32768 or length(message) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = format('The statement changes too many rows for one approval at gate %s', gate.gate_id),
      detail = format('There are %s rows. As text their parameters have %s characters and their messages %s; 32768 are allowed.',
                      jsonb_array_length(rows), length(parameters::text), length(message)),
      hint = 'Change fewer rows in one statement, or have the guard show totals: parameters => ''{"ROWS": "count", "TOTAL": "sum(amount)"}''.';
  end if;
end
$$;
revoke execute on function postern_internal.guard_request(postern_internal.gate, jsonb) from public;
comment on function postern_internal.guard_request(postern_internal.gate, jsonb) is
'What a person approves when a statement changes rows of a guarded table. rows: an array with the parameters of each row. One row: its parameters and its message. Several: their bound parameters as {"each row": [...]}, and their messages, one per line. Errors: PS107 parameters, or too many rows.';
