-- Read from the sequences instead of the table, because entries that were rolled back or are not committed yet have ids
-- too.

create or replace function postern_internal.last_given_log_id()
returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  select pg_sequence_last_value('postern_internal.log_skip') + coalesce(pg_sequence_last_value('postern_internal.log_number'), 0)
$$;
revoke execute on function postern_internal.last_given_log_id() from public;
comment on function postern_internal.last_given_log_id() is
'The last log_id that was given out here. New entries get higher ones.';
