-- Drops only what an outsider can still prove: entries that are sealed under a signed head, exported with their proofs,
-- and unchanged since. A month with any other entry stays whole, as evidence. The checks run under locks that let
-- others write to other months. Only the removal itself takes the lock that stops everybody.

create or replace function postern.drop_log(
  before timestamptz,
  timeout interval default '10 seconds'
)
returns table (month text, first_leaf bigint, last_leaf bigint, reason text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO'
as $$
declare
  candidate record;
  doubts record;
  dropped regclass[] := array[]::regclass[];
  partition regclass;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if before is null or before > clock_timestamp() or timeout is null or timeout < interval '0' or timeout > interval '1 hour' then
    raise exception using
      errcode = 'PS107',
      message = 'The log cannot be dropped up to this time',
      detail = format('before is %s, timeout is %s.', coalesce(before::text, 'NULL'), coalesce(timeout::text, 'NULL')),
      hint = 'Pass a time that has passed, and an interval between 0 and 1 hour.';
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = '25001',
      message = 'This transaction cannot drop a part of the log',
      detail = format('It is %s and does not see what was written since it began.', current_setting('transaction_isolation')),
      hint = 'Drop in a READ COMMITTED transaction.';
  end if;
  -- Dropping is signed in the directories of the heads, as sealing is, so it needs the same place. It does not take the
  -- sealer's lock, which it would hold for long: a seal in the meantime can only record this same place.
  perform postern_internal.require_sealing_place(null, null);

  for candidate in
    select m.partition, m.since, m.until from postern_internal.log_months() as m where m.since < before
  loop
    month := to_char(candidate.since, 'YYYY-MM');
    first_leaf := null;
    last_leaf := null;
    reason := null;
    if candidate.until > before then
      reason := format('it ends on %s', candidate.until);
      return next;
      continue;
    end if;
    perform postern_internal.lock_log('share', timeout, candidate.partition);
    select count(*) filter (where coalesce(l.leaf_number >= h.tree_size, true)) as unsealed,
           count(*) filter (where l.log_id is not null and substring(l.hashes for 32) is distinct from postern_internal.leaf_hash(e)) as changed,
           count(*) filter (where not exists (select from postern_internal.log_export as x
                                               where e.logged_at >= x.since and e.logged_at < x.until and l.leaf_number < x.tree_size)) as unproven
      into doubts
      from postern_internal.checkpoint_entry as e
      left join postern_internal.leaf as l on l.log_id = e.log_id
     cross join (select max(t.tree_size) as tree_size from postern_internal.tree_head as t) as h
     where e.logged_at >= candidate.since
       and e.logged_at < candidate.until;
    if doubts.unsealed + doubts.changed + doubts.unproven > 0 then
      reason := concat_ws(', ', 'entries not under a signed head: ' || nullif(doubts.unsealed, 0),
                                'not exported with proofs: ' || nullif(doubts.unproven, 0),
                                'not what was sealed: ' || nullif(doubts.changed, 0));
      return next;
      continue;
    end if;
    dropped := dropped || candidate.partition;
    insert into postern_internal.log_drop (since, until) values (candidate.since, candidate.until);
    return query
      select drop_log.month, min(n.leaf_number), max(n.leaf_number), null::text
        from (select l.leaf_number, l.leaf_number - row_number() over (order by l.leaf_number) as island
                from postern_internal.checkpoint_entry as e
                join postern_internal.leaf as l on l.log_id = e.log_id
               where e.logged_at >= candidate.since
                 and e.logged_at < candidate.until) as n
       group by n.island
       order by 2;
    if not found then
      return next;
    end if;
  end loop;

  if cardinality(dropped) > 0 then
    perform postern_internal.lock_log('access exclusive', timeout, variadic
      array['postern_internal.checkpoint_entry', 'postern_internal.checkpoint_entry_default']::regclass[] || dropped);
    foreach partition in array dropped loop
      execute format('drop table %s', partition);
    end loop;
  end if;

  month := 'default';
  first_leaf := null;
  last_leaf := null;
  select format('entries in no month''s partition: %s', count(*))
    into reason
    from postern_internal.checkpoint_entry_default as e
   where e.logged_at < before
  having count(*) > 0;
  if found then
    return next;
  end if;
end
$$;
revoke execute on function postern.drop_log(timestamptz, interval) from public;
grant execute on function postern.drop_log(timestamptz, interval) to postern_admin;
comment on function postern.drop_log(timestamptz, interval) is
'For postern log drop: drops the months (UTC) of the log that end by before. A month is dropped only if all its entries are sealed, exported with their proofs, and unchanged. The leaves stay, so proofs stay valid. timeout: for how long to try while others use the log, up to 1 hour. Returns the ranges of leaves of each dropped month, NULLs if it was empty; for a month that stays, the reason. Call it through "postern log drop", which signs what was dropped; otherwise "log verify" reports the entries as missing. Errors: PS107 argument, 25001 the transaction is not READ COMMITTED, 55000 the log was sealed in another place, 55P03 the log is in use.';
