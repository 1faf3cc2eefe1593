-- With its owner's rights: the bounds of partitions are read as text, under the settings of log_months.

create or replace function postern.log_gaps()
returns table (month timestamptz, entries bigint)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
  return query
    select m.month, (select count(*) from postern_internal.checkpoint_entry_default as e where e.logged_at >= m.month and e.logged_at < m.month + interval '1 month')
      from postern_internal.missing_log_months(null) as m (month);
end
$$;
revoke execute on function postern.log_gaps() from public;
grant execute on function postern.log_gaps() to postern_admin, postern_auditor;
comment on function postern.log_gaps() is
'For postern.doctor: the months (UTC) that lack a partition of the log, as create_log_partitions would create them, with the number of their entries in the default partition.';
