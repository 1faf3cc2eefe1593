-- On the path of every business transaction that has a gate. So it reads one row by primary key, and has no SET clause,
-- since it is called only by functions that pin their search_path.

create or replace function postern_internal.gate_is_active(gate_id text)
returns boolean
language plpgsql
stable
as $$
declare
  active boolean;
begin
  select g.stops into active from postern_internal.gate as g where g.gate_id = gate_is_active.gate_id;
  if not found then
    raise exception using
      errcode = 'PS106',
      message = 'There is no such gate',
      detail = format('gate_id is %s.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL')),
      hint = coalesce(
        (select format('Write %s, the registered spelling: upper and lower case differ.', g.gate_id)
           from postern_internal.gate as g
          where upper(g.gate_id collate "C") = upper(gate_is_active.gate_id collate "C")),
        'Register it with postern.register_gate, or choose one of the gates in postern.gate.');
  end if;
  return active;
end
$$;
revoke execute on function postern_internal.gate_is_active(text) from public;
comment on function postern_internal.gate_is_active(text) is
'Whether the gate stops a transaction: it is built in, or it is active and checkpoints are enabled. Errors: PS106 no such gate.';
