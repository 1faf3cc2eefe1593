-- Logical replication copies entries but no sequences. Without this check, new entries would get the IDs of old ones,
-- and never a leaf.

create or replace function postern_internal.require_fresh_log_ids()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  highest constant bigint := (select max(e.log_id) from postern_internal.checkpoint_entry as e);
  given constant bigint := postern_internal.last_given_log_id();
begin
  if highest > given then
    raise exception using
      errcode = '55000',
      message = 'New entries of the log would get the ids of old ones',
      detail = format('There is an entry %s, and the last id given out here is %s: logical replication brings entries, and no sequences.', highest, given),
      hint = format('If this database took the place of the one that was replicated: end the subscription, then have a superuser run: select setval(''postern_internal.log_number'', %s);', highest);
  end if;
end
$$;
revoke execute on function postern_internal.require_fresh_log_ids() from public;
comment on function postern_internal.require_fresh_log_ids() is
'Raises an error if the log has ids that its sequences have yet to give out. Errors: 55000.';
