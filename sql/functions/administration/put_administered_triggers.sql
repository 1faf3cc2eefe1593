-- The triggers of all tables that say who may do what, made from administered_table and administered_column. They are
-- always enabled: session_replication_role would silence others. The condition of the update costs a row microseconds
-- where nothing that counts has changed, and it is the same for every verdict of an attempt.
--
-- The first installation is not in the log: there was nothing to guard before, and a subscriber that gets the log of
-- another database would have an entry with an id of that log. The table of installations says when and by whom.
--
-- A migration that drops or changes a column which a condition names has to drop the triggers of that table first. The
-- code lane puts them back.

create or replace function postern_internal.put_administered_triggers()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  one record;
begin
  for one in
    select t.table_name, t.kind, t.about_column, c.keys, c.others, c.secrets, c.excluded
      from postern_internal.administered_table() as t
     cross join lateral (
       select coalesce(array_agg(a.column_name) filter (where a.treatment = 'key'), '{}') as keys,
              coalesce(array_agg(a.column_name) filter (where a.treatment in ('recorded', 'secret')), '{}') as others,
              coalesce(array_agg(a.column_name) filter (where a.treatment = 'secret'), '{}') as secrets,
              coalesce(array_agg(a.column_name) filter (where a.treatment = 'excluded'), '{}') as excluded
         from postern_internal.administered_column() as a
        where a.table_name = t.table_name) as c
     where t.kind is not null
  loop
    execute format('create or replace trigger administered_added after insert on postern_internal.%I for each row when (%s) execute function postern_internal.record_change(%L, %L, %L, %L, %L, %L)',
                   one.table_name,
                   case one.table_name
                     -- A user's row is empty at first, and the user's own entry says that it was added.
                     when 'credential' then (select string_agg(format('new.%I is not null', n.name), ' or ') from unnest(one.secrets) as n (name))
                     when 'installation' then 'new.installation_id > 1'
                     else 'true'
                   end,
                   one.kind, coalesce(one.about_column, ''), one.keys, one.others, one.secrets, one.excluded);
    execute format('create or replace trigger administered_changed after update on postern_internal.%I for each row when (%s) execute function postern_internal.record_change(%L, %L, %L, %L, %L, %L)',
                   one.table_name,
                   (select string_agg(format('old.%I is distinct from new.%I', n.name, n.name), ' or ') from unnest(one.keys || one.others) as n (name)),
                   one.kind, coalesce(one.about_column, ''), one.keys, one.others, one.secrets, one.excluded);
    execute format('create or replace trigger administered_removed after delete on postern_internal.%I for each row execute function postern_internal.record_change(%L, %L, %L, %L, %L, %L)',
                   one.table_name, one.kind, coalesce(one.about_column, ''), one.keys, one.others, one.secrets, one.excluded);
    execute format('create or replace trigger administered_truncated before truncate on postern_internal.%I for each statement execute function postern_internal.refuse_unrecorded_truncate()',
                   one.table_name);
    execute format('alter table postern_internal.%1$I enable always trigger administered_added, enable always trigger administered_changed, '
                   'enable always trigger administered_removed, enable always trigger administered_truncated', one.table_name);
    execute format('comment on trigger administered_added on postern_internal.%I is %L', one.table_name, 'Records new rows in the log.');
    execute format('comment on trigger administered_changed on postern_internal.%I is %L', one.table_name, 'Records changed rows in the log.');
    execute format('comment on trigger administered_removed on postern_internal.%I is %L', one.table_name, 'Records removed rows in the log.');
    execute format('comment on trigger administered_truncated on postern_internal.%I is %L', one.table_name, 'Refuses what the log could not record.');
  end loop;
end
$$;
revoke execute on function postern_internal.put_administered_triggers() from public;
comment on function postern_internal.put_administered_triggers() is 'Puts the triggers that record changes on all administered tables.';

do $$ begin perform postern_internal.put_administered_triggers(); end $$;
