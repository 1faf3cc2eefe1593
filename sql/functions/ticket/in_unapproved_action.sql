-- Asked at each active gate but where postern.checkpoint passes what was approved by itself: hence the first condition, which
-- is all that a transaction without an action evaluates, and no SET clause, so that it is inlined.

create or replace function postern_internal.in_unapproved_action()
returns boolean
language sql
stable
parallel safe
return coalesce(pg_catalog.current_setting('postern.action', true), '') <> ''
       and pg_catalog.starts_with(pg_catalog.current_setting('postern.action', true), postern_internal.action_setting(''));
revoke execute on function postern_internal.in_unapproved_action() from public;
comment on function postern_internal.in_unapproved_action() is
'Whether an action that needed no approval was the last one to begin in this transaction. No ticket opens a gate there.';
