-- Called at the end of a statement by the function of a guard, which belongs to the owner of the table. Everybody may
-- call it directly: it then passes only what was approved for the current user, and uses that approval up.

create or replace function postern.reach_guard(
  gate_id text,
  rows jsonb
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gate postern_internal.gate;
  passed record;
begin
  if not postern_internal.gate_is_active(gate_id) then
    return;
  end if;
  perform postern_internal.refuse_read_only();
  if jsonb_typeof(rows) is distinct from 'array' or rows = '[]' then
    raise exception using
      errcode = 'PS107',
      message = 'The rows of the guard are missing',
      detail = format('They are %s.', coalesce('of type ' || jsonb_typeof(rows), 'NULL')),
      hint = 'Pass an array with an object for each row. Guards of postern.protect_gate do.';
  elsif pg_column_size(rows) > 262144 or jsonb_array_length(rows) > 1000 then
    raise exception using
      errcode = 'PS107',
      message = format('The statement changes too many rows for one approval at gate %s', gate_id),
      detail = format('There are at least %s rows, with %s bytes of parameters; 1000 rows and 262144 bytes are allowed.',
                      jsonb_array_length(rows), pg_column_size(rows)),
      hint = 'Change fewer rows in one statement, or have the guard show totals: parameters => ''{"ROWS": "count", "TOTAL": "sum(amount)"}''.';
  end if;

  select g.* into strict gate from postern_internal.gate as g where g.gate_id = reach_guard.gate_id;
  select c.* into strict passed from postern_internal.check_gate(gate_id, null, null, rows) as c;
  -- If the gate of a business function has used the ticket, its pass is in the log already.
  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket,
     asked, approved_gate_id, approved_message, salt)
  select 'passed', reach_guard.gate_id, o.action, o.userid, o.authenticated_by, r.message, r.parameters,
         o.comment, o.scheme, o.ticket, passed.asked,
         case when not passed.asked or o.message <> passed.message then o.gate_id end,
         case when not passed.asked or o.message <> passed.message then o.message end,
         o.salt
    from postern_internal.open_gate as o
   cross join postern_internal.guarded_rows(gate, rows) as r
   where o.nonce = passed.nonce
     and not (o.exclusive and o.passed);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.reach_guard(text, jsonb) to public;
comment on function postern.reach_guard(text, jsonb) is
'For the guards of protect_gate: stops the statement unless the gate is inactive or what the statement does was approved; a pass is logged, with an entry for each row. rows: an array with the gate''s parameters for each row, at most 1000. Errors: PS101 authentication is required (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such gate, PS107 parameters, or too many rows, PS401, PS402; 25006 on a standby and in a read-only transaction.';
