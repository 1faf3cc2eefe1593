-- Who changes settings, gates or actions does so one after the other, and takes this lock before any row: a registration that runs
-- in the transaction of an upgrade, and an administrator who switches one of its gates, would otherwise end in a deadlock.
-- Taken by an update: who waited at REPEATABLE READ then fails, and so does whoever began before another one's change has
-- committed. After a mere lock they would go on, and derive gate.stops from what was true when they began.

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
'Waits until no other transaction is changing settings, gates or actions, and keeps others waiting until this one ends.';
