-- Who changes settings or gates does so one after the other, and takes this lock before any row: a registration that runs
-- in the transaction of an upgrade, and an administrator who switches one of its gates, would otherwise end in a deadlock.

create or replace function postern_internal.lock_settings()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from postern_internal.setting as s where s.name = 'checkpoints_enabled' for update;
end
$$;
revoke execute on function postern_internal.lock_settings() from public;
comment on function postern_internal.lock_settings() is
'Waits until no other transaction is changing settings or gates, and keeps others waiting until this one ends.';
