-- As is_moved says it, which whoever reads postern.doctor may not call.

create or replace view postern_internal.moved_event_action as
  select a.event_action_id
    from postern_internal.event_action as a
   cross join pg_control_system() as c
    join pg_database as b on b.datname = current_database()
   where (a.place).system_identifier <> c.system_identifier
      or (a.place).database_oid <> b.oid
      or (a.place).log_oid <> 'postern_internal.checkpoint_entry'::regclass::oid;
comment on view postern_internal.moved_event_action is 'Event actions that were set up in another database than this one.';
