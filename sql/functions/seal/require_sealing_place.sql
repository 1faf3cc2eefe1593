-- A copy of the database would sign a second history with the same key and write it into the same directory. From
-- inside, a copy and a database that was restored for good look alike. Only an operator outside can say which one goes
-- on. The operator confirms by naming the place: a plain yes would stay in a configuration and be copied with it.
--
-- The check for another database comes first. A timeline says nothing about a database, and a timeline left in the
-- configuration must not hide this case.
--
-- A log that was never sealed has no place: it may be installed in a template, and nothing has been signed for it yet.

create or replace function postern_internal.require_sealing_place(
  confirmed_timeline bigint,
  confirmed_database text
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  here constant postern_internal.place := postern_internal.current_place();
  recorded constant postern_internal.place := (select s.place from postern_internal.sealing as s);
  this_database constant text := postern_internal.place_text(here);
  moved constant boolean := coalesce(postern_internal.is_moved(recorded), false);
begin
  if moved and confirmed_database is distinct from this_database then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'The log of this database is sealed as another database''s',
      detail = format('It was sealed in %s, and this is %s (cluster, database, table of the log): a copy, a restored database, or an upgraded cluster.',
                      postern_internal.place_text(recorded), this_database),
      hint = format('If this database took the place of the other one: run "postern log seal --confirm-database %s" once. If the other one goes on: seal this copy with its own key and directory, which "postern log restart" begins, or not at all. See docs/log.md, After a failover, a restore or a copy.', this_database);
  end if;
  perform postern_internal.require_timeline(case when not moved then recorded.timeline end, here.timeline, confirmed_timeline,
                                            'postern log seal', 'docs/log.md, After a failover, a restore or a copy');
  return moved or recorded.timeline is distinct from here.timeline;
end
$$;
revoke execute on function postern_internal.require_sealing_place(bigint, text) from public;
comment on function postern_internal.require_sealing_place(bigint, text) is
'Raises an error if the log was last sealed in another place, unless the arguments confirm this one: by the number of its timeline, and by its cluster, database and table of the log as the error shows them. Returns whether the place has to be recorded. Errors: 55000, with the constraint place.';
