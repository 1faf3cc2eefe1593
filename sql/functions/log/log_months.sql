-- Recognised by their bounds, whatever their names.

create or replace function postern_internal.log_months()
returns table (partition regclass, since timestamptz, until timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO'
as $$
  select p.partition, split_part(p.bounds, '''', 2)::timestamptz, split_part(p.bounds, '''', 4)::timestamptz
    from (select c.oid::regclass as partition, pg_get_expr(c.relpartbound, c.oid) as bounds
            from pg_inherits as i
            join pg_class as c on c.oid = i.inhrelid
           where i.inhparent = 'postern_internal.checkpoint_entry'::regclass) as p
   where p.bounds like 'FOR VALUES FROM (''%'') TO (''%'')'
   order by 2
$$;
revoke execute on function postern_internal.log_months() from public;
comment on function postern_internal.log_months() is 'The partitions of the log except the default one, oldest first. Each has the entries from since (inclusive) to until (exclusive).';
