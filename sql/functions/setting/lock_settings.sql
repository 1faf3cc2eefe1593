-- Changes of settings, gates and actions happen one after the other: each takes this lock before any row. Without it, a
-- registration during an upgrade and an administrator who switches one of its gates could deadlock. The lock is an
-- UPDATE: whoever waited for it at REPEATABLE READ then fails, and so does a transaction that began before the other
-- change committed. After a mere lock they would continue, and derive gate.stops from outdated values.

create or replace function postern_internal.lock_settings()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update postern_internal.setting as s set value = s.value where s.name = 'checkpoints_enabled';
end
$$;
revoke execute on function postern_internal.lock_settings() from public;
comment on function postern_internal.lock_settings() is
'Waits until no other transaction is changing settings, gates or actions, then keeps others waiting until this one ends.';
