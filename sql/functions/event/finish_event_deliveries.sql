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
  action_id integer := postern_internal.require_event_action(name);
  moment timestamptz := clock_timestamp();
  maximum integer := postern_internal.setting_integer('event_attempts');
  finished bigint;
begin
  if exists (select from unnest(outcomes) as o where o is null or o not in ('delivered', 'skipped', 'failed', 'dead', 'released'))
     or exists (select from unnest(delays) as s where s is null or not s between 0 and 86400) then
    raise exception using
      errcode = 'PS107',
      message = 'A delivery cannot end so',
      detail = format('outcomes are %s, delays are %s.', left(outcomes::text, 500), left(delays::text, 500)),
      hint = 'An outcome is delivered, skipped, failed, dead or released; a delay has 0 to 86400 seconds.';
  end if;
  -- Whose lease has run out says nothing any more: somebody else may have it.
  update postern_internal.event_delivery as d
     set state = case when r.outcome in ('delivered', 'skipped', 'dead') then r.outcome::postern_internal.delivery_state
                      when r.outcome = 'failed' and d.attempts >= maximum then 'dead'
                      else 'pending' end,
         finished_at = case when r.outcome in ('delivered', 'skipped', 'dead') or r.outcome = 'failed' and d.attempts >= maximum then moment end,
         attempts = d.attempts - case when r.outcome = 'released' then 1 else 0 end,
         due_at = case when r.outcome = 'failed' then moment + make_interval(secs => r.delay) else d.due_at end,
         leased_until = '-infinity',
         lease = null,
         last_error = left(coalesce(nullif(r.error, ''), d.last_error), 1000)
    from unnest(log_ids, outcomes, delays, errors) as r (log_id, outcome, delay, error)
   where d.event_action_id = action_id
     and d.log_id = r.log_id
     and d.lease = finish_event_deliveries.lease
     and d.state = 'pending';
  get diagnostics finished = row_count;
  return finished;
end
$$;
revoke execute on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) from public;
grant execute on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) to postern_event_worker;
comment on function postern.finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]) is
'Says how deliveries ended that were claimed with this lease. For the worker. outcomes: delivered; skipped, the condition did not hold; failed, to be tried again after delays seconds, or dead after event_attempts attempts; dead; released, not tried. errors: why, cut to 1000 characters each, or empty. Returns how many were still leased. Errors: PS107 argument.';
