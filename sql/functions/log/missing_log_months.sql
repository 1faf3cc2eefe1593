create or replace function postern_internal.missing_log_months(maximum_moved bigint)
returns setof timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
  with
  -- No clock writes moments outside these bounds, but a superuser may.
  stray as (
    select date_trunc('month', e.logged_at) as month, count(*) as entries
      from postern_internal.checkpoint_entry_default as e
     where e.logged_at >= timestamptz '1970-01-01 00:00:00+00'
       and e.logged_at < timestamptz '3000-01-01 00:00:00+00'
     group by 1
  ),
  wanted as (
    select date_trunc('month', clock_timestamp()) + make_interval(months => a.months) as month from generate_series(0, 3) as a (months)
    union
    select s.month from stray as s
  )
  select w.month
    from wanted as w
    left join stray as s on s.month = w.month
   where (s.entries is null or maximum_moved is null or s.entries <= maximum_moved)
     and not exists (select from postern_internal.log_months() as p where p.since < w.month + interval '1 month' and p.until > w.month)
   order by w.month
$$;
revoke execute on function postern_internal.missing_log_months(bigint) from public;
comment on function postern_internal.missing_log_months(bigint) is
'The first moments of months (UTC) that lack a partition of the log: this month, the next three, and those of at most the given number of entries in the default partition. NULL: any number.';
