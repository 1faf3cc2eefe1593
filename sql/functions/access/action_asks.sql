-- An exclusive gate asks by itself when the action's code reaches it, and the others when the action begins. Here both
-- count.

create or replace function postern_internal.action_asks(action postern_internal.action)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select
                   from postern_internal.gate as g
                  where g.gate_id = any (action.legacy_checkpoints || action.checkpoint)
                    and g.stops)
$$;
revoke execute on function postern_internal.action_asks(postern_internal.action) from public;
comment on function postern_internal.action_asks(postern_internal.action) is
'Whether a gate of the action, its own or one that it references, stops a transaction.';
