create or replace function postern.create_log_partitions(maximum_moved bigint default 10000)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin', 'postern_sealer');
  return postern_internal.add_log_partitions(maximum_moved, interval '2 seconds');
end
$$;
revoke execute on function postern.create_log_partitions(bigint) from public;
grant execute on function postern.create_log_partitions(bigint) to postern_admin, postern_sealer;
comment on function postern.create_log_partitions(bigint) is
'Creates missing partitions of the log for this month and the next three (UTC), and for months whose entries are in the default partition. Those entries are moved, while checkpoints wait, if the month has at most maximum_moved of them; NULL: any number. The installer, "log seal" and "log drop" call it; postern.maintain does the same work. Returns how many were created. Errors: 55000 a table with the name of a partition exists, 55P03 the log is in use.';

do $$
begin
  perform postern.create_log_partitions();
end
$$;
