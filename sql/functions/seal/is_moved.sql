create or replace function postern_internal.is_moved(recorded postern_internal.place)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select (recorded).system_identifier <> (c.place).system_identifier
      or (recorded).database_oid <> (c.place).database_oid
      or (recorded).log_oid <> (c.place).log_oid
    from (select postern_internal.current_place() as place offset 0) as c
$$;
revoke execute on function postern_internal.is_moved(postern_internal.place) from public;
comment on function postern_internal.is_moved(postern_internal.place) is
'Whether this is another database than the recorded one: a copy, a restored database, or one in another cluster. A new timeline alone does not count, because each failover begins one. NULL if none was recorded.';
