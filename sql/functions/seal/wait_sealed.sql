create or replace function postern.wait_sealed(
  log_id bigint,
  timeout interval default '10 seconds'
)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gives_up_at timestamptz;
begin
  if log_id is null or timeout is null or timeout < interval '0' or timeout > interval '1 hour' then
    raise exception using
      errcode = 'PS107',
      message = 'This cannot be waited for',
      detail = format('log_id is %s, timeout is %s.', coalesce(log_id::text, 'NULL'), coalesce(timeout::text, 'NULL')),
      hint = 'Pass the log_id of a receipt, and an interval between 0 and 1 hour.';
  end if;
  if pg_current_xact_id_if_assigned() is not null or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = 'PS107',
      message = 'This transaction cannot wait for a seal',
      detail = case when pg_current_xact_id_if_assigned() is not null
                    then 'It has written something, and what is not committed is not sealed.'
                    else format('It is %s and would not see the seal.', current_setting('transaction_isolation')) end,
      hint = 'Commit, then wait in a READ COMMITTED transaction of its own.';
  end if;
  gives_up_at := postern_internal.deadline(timeout);
  while not exists (select from postern_internal.leaf as l
                     where l.log_id = wait_sealed.log_id
                       and l.leaf_number < (select max(h.tree_size) from postern_internal.tree_head as h)) loop
    if clock_timestamp() >= gives_up_at then
      return false;
    end if;
    perform pg_sleep(least(0.05, greatest(0.001, extract(epoch from gives_up_at - clock_timestamp()))));
  end loop;
  return true;
end
$$;
revoke execute on function postern.wait_sealed(bigint, interval) from public;
grant execute on function postern.wait_sealed(bigint, interval) to postern_user;
comment on function postern.wait_sealed(bigint, interval) is
'Waits until an entry of the log is under a signed tree head, so that it can be proven. log_id: from a receipt. timeout: up to 1 hour. Returns false if that takes longer. Errors: PS107 argument, or a transaction that cannot wait: one that has written, or is not READ COMMITTED.';
