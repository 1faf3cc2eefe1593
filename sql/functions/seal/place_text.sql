create or replace function postern_internal.place_text(place postern_internal.place)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws('/', place.system_identifier, place.database_oid, place.log_oid)
$$;
revoke execute on function postern_internal.place_text(postern_internal.place) from public;
comment on function postern_internal.place_text(postern_internal.place) is
'A place as errors, restarts and --confirm-database write it: cluster, database and table of the log, without the timeline.';
