create or replace function postern.retry_event_deliveries(
  name text default null,
  log_id bigint default null
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  retried bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if name is not null then
    perform postern_internal.require_event_action(name);
  end if;
  update postern_internal.event_delivery as d
     set state = 'pending', attempts = 0, due_at = clock_timestamp(), leased_until = '-infinity', finished_at = null
    from postern_internal.event_action as a
   where a.event_action_id = d.event_action_id
     and (retry_event_deliveries.name is null or a.name = retry_event_deliveries.name)
     and (retry_event_deliveries.log_id is null or d.log_id = retry_event_deliveries.log_id)
     and (d.state = 'dead' or d.state = 'pending' and d.leased_until <= clock_timestamp());
  get diagnostics retried = row_count;
  return retried;
end
$$;
revoke execute on function postern.retry_event_deliveries(text, bigint) from public;
grant execute on function postern.retry_event_deliveries(text, bigint) to postern_admin;
comment on function postern.retry_event_deliveries(text, bigint) is
'Retries dead letters, and deliveries that wait for their next attempt, now. name: of one action; NULL: all. log_id: of one entry of the log; NULL: all. Returns how many. Errors: PS107 there is no such action.';
