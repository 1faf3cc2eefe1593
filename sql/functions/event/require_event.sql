create or replace function postern_internal.require_event(event text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from postern_internal.event as e where e.event = require_event.event) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such event',
      detail = format('event is %s.', coalesce(to_jsonb(left(event, 128))::text, 'NULL')),
      hint = 'Choose one of: ' || (select string_agg(e.event, ', ' order by e.event) from postern_internal.event as e) || '.';
  end if;
end
$$;
revoke execute on function postern_internal.require_event(text) from public;
comment on function postern_internal.require_event(text) is 'Errors: PS107 there is no such event.';
