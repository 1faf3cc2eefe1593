-- Checked at each active gate, unless postern.checkpoint passes exactly what was approved. A transaction without an
-- action evaluates only the first condition. It has no SET clause, so that it is inlined.

create or replace function postern_internal.in_unapproved_action()
returns boolean
language sql
stable
parallel safe
return coalesce(pg_catalog.current_setting('postern.action', true), '') <> ''
       and pg_catalog.starts_with(pg_catalog.current_setting('postern.action', true), postern_internal.action_setting(''));
revoke execute on function postern_internal.in_unapproved_action() from public;
comment on function postern_internal.in_unapproved_action() is
'Whether the last action to begin in this transaction needed no approval. In such an action no ticket opens a gate.';
