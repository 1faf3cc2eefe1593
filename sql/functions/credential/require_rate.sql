-- A limit must not reveal the verdict of an attempt that can still be rolled back. So the caller checks it before
-- looking at the response. It reads the row of the session's user, which it has locked: everything in it has been
-- committed.

create or replace function postern_internal.require_rate(
  setting text,
  used integer,
  since timestamptz
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  allowed integer := postern_internal.setting_integer(setting);
  again_at timestamptz := since + interval '1 hour';
begin
  if used >= allowed and again_at > clock_timestamp() then
    raise exception using
      errcode = 'PS110',
      message = case setting when 'cancels_per_hour' then 'Too many cancelled checkpoints' else 'Too many denied attempts' end,
      detail = jsonb_build_object('setting', setting, 'allowed', allowed, 'again_at', again_at)::text,
      hint = format('Try again at %s. An administrator can end the wait with postern.unlock_user.', again_at);
  end if;
end
$$;
revoke execute on function postern_internal.require_rate(text, integer, timestamptz) from public;
comment on function postern_internal.require_rate(text, integer, timestamptz) is
'Raises an error if there were more than setting allows per hour. used: the number so far, counted from the time since. Errors: PS110, with a JSON object as its DETAIL: setting, allowed, again_at.';
