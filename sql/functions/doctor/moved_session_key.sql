create or replace view postern_internal.moved_session_key as
  select 'warn' as level, 'moved_session_key' as code, 'session key ' || k.kid as object,
         'A session key came from another database' as title,
         'It was created before this database was copied, restored or upgraded. Whoever has it speaks for users here and there, where both databases have the same name.' as detail,
         format('Create a key under another id (postern session key create KID), switch the application to it, then: select postern.retire_session_key(%L);', k.kid) as fix
    from postern_internal.session_key as k
   cross join pg_control_system() as c
    join pg_database as b on b.datname = current_database()
   where k.retired_at is null
     and (k.system_identifier <> c.system_identifier or k.database_oid <> b.oid or k.table_oid <> k.tableoid);
comment on view postern_internal.moved_session_key is 'Check of postern.doctor: session keys in use that were created in another database than this one.';
