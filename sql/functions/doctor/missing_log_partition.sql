-- Upkeep creates partitions three months ahead. If the next month has none, upkeep has not run for two months.

create or replace view postern_internal.missing_log_partition as
  select 'warn' as level, 'missing_log_partition' as code, 'log' as object,
         'The log has no partition for a month' as title,
         format('No partition: %s (UTC)%s. Entries of such a month go to the default partition, and cannot be dropped by month.',
                string_agg(to_char(m.month at time zone 'UTC', 'YYYY-MM') || case when m.entries > 0 then format(' with %s entries', m.entries) else '' end, ', ' order by m.month),
                case when max(m.entries) > 10000 then '; checkpoints wait while so many are moved' else '' end) as detail,
         format('select postern.create_log_partitions(%s);', case when max(m.entries) > 10000 then 'null' end) as fix
    from postern.log_gaps() as m
   where m.entries > 0 or m.month <= (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'
  having count(*) > 0;
comment on view postern_internal.missing_log_partition is 'Check of postern.doctor: months of the log, up to the next one, without a partition.';
