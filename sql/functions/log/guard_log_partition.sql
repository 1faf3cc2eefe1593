-- PostgreSQL does not copy statement triggers of a partitioned table to its partitions.

create or replace function postern_internal.guard_log_partition(partition regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'create or replace trigger refuse_change before update or delete or truncate on %s for each statement execute function postern_internal.refuse_change(''redaction'')',
    partition);
  execute format('comment on trigger refuse_change on %s is %L', partition, 'The log is append-only.');
  execute format('revoke all on %s from public', partition);
end
$$;
revoke execute on function postern_internal.guard_log_partition(regclass) from public;
comment on function postern_internal.guard_log_partition(regclass) is 'Makes a partition of the log append-only.';

do $$
begin
  perform postern_internal.guard_log_partition(i.inhrelid)
     from pg_inherits as i
    where i.inhparent = 'postern_internal.checkpoint_entry'::regclass;
end
$$;
