-- pg_walfile_name names the timeline whatever position it is asked for, and fails on a standby. pg_control_checkpoint has the new
-- timeline only some time after a promotion, when entries were already written on it. A variable, since the planner would
-- ask at once about a constant, and remember the answer beyond a promotion.

create or replace function postern_internal.current_place()
returns postern_internal.place
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  place postern_internal.place;
  any_position pg_lsn := pg_lsn '0/1';
begin
  select c.system_identifier, d.oid, 'postern_internal.checkpoint_entry'::regclass::oid
    into place.system_identifier, place.database_oid, place.log_oid
    from pg_control_system() as c
   cross join pg_database as d
   where d.datname = current_database();
  if pg_is_in_recovery() then
    place.timeline := (select c.timeline_id::bigint from pg_control_checkpoint() as c);
  else
    place.timeline := ('x' || left(pg_walfile_name(any_position), 8))::bit(32)::bigint;
  end if;
  return place;
end
$$;
revoke execute on function postern_internal.current_place() from public;
comment on function postern_internal.current_place() is 'Which database this is; compare it with one that was recorded.';
