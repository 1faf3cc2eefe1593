-- pg_walfile_name returns the current timeline for any position, but it fails on a standby. pg_control_checkpoint
-- learns of a new timeline only some time after a promotion, when entries have already been written on it.
--
-- any_position is a variable, because the planner would evaluate a call with a constant at once. A cached plan would
-- keep the old timeline after a promotion.

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
