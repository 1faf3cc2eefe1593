-- Updates one delivery at a time, by its key. A worker keeps its plan: one for all deliveries, made while few were
-- pending, might scan everything that is pending. The condition is on state::text, so that the planner cannot use the
-- partial index of pending deliveries.

create or replace function postern.finish_event_deliveries(
  name text,
  lease uuid,
  log_ids bigint[],
  outcomes text[],
  delays double precision[],
  errors text[]
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  action_id integer;
  moment timestamptz := clock_timestamp();
  maximum integer := postern_internal.setting_integer('event_attempts');
  finished bigint := 0::bigint;
  ended record;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  action_id := postern_internal.require_event_action(name);
  if exists (select from unnest(outcomes) as o where o is null or o not in ('delivered', 'skipped', 'failed', 'dead', 'released'))
     or exists (select from unnest(delays) as s where s is null or not s between 0 and 86400) then
    raise exception using
      errcode = 'PS107',
      message = 'A delivery cannot end this way',
      detail = format('outcomes are %s, delays are %s.', left(outcomes::text, 500), left(delays::text, 500)),
      hint = 'Pass an outcome of delivered, skipped, failed, dead or released, and a delay of 0 to 86400 seconds.';
  end if;
  -- A worker whose lease has ended is ignored: another one may have claimed the delivery.
  for ended in select * from unnest(log_ids, outcomes, delays, errors) as r (log_id, outcome, delay, error) loop
    update postern_internal.event_delivery as d
       set state = case when ended.outcome in ('delivered', 'skipped', 'dead') then ended.outcome::postern_internal.delivery_state
                        when ended.outcome = 'failed' and d.attempts >= maximum then 'dead'
                        else 'pending' end,
           finished_at = case when ended.outcome in ('delivered', 'skipped', 'dead') or ended.outcome = 'failed' and d.attempts >= maximum then moment end,
           attempts = d.attempts - case when ended.outcome = 'released' then 1 else 0 end,
           due_at = case when ended.outcome = 'failed' then moment + make_interval(secs => ended.delay) else d.due_at end,
           leased_until = '-infinity',
           lease = null,
           last_error = left(coalesce(nullif(ended.error, ''), d.last_error), 1000)
     where d.event_action_id = action_id
       and d.log_id = ended.log_id
       and d.lease = finish_event_deliveries.lease
       and d.state::text = 'pending';
    if found then
      finished := finished + 1;
    end if;
  end loop;
  return finished;
end
$$;
revoke execute on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) from public;
grant execute on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) to postern_event_worker;
comment on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) is
'For the worker of events: records the outcomes of deliveries that were claimed with this lease. outcomes: delivered; skipped, the condition did not hold; failed, to be tried again after delays seconds, or dead after event_attempts attempts; dead; released, not tried. errors: the reason, cut to 1000 characters each, or empty. Returns how many were still leased. Errors: PS107 argument.';
