create or replace function postern_internal.raise_other_timeline(
  recorded bigint,
  here bigint
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = '55000',
    message = 'The events of this database are another timeline''s',
    detail = format('They are delivered on timeline %s, and this is timeline %s: a standby was promoted, or a copy was recovered up to a point in time. From inside, both look alike.', recorded, here),
    hint = format('If this is production now: run "installer event run --confirm-timeline %s", or set POSTERN_CONFIRM_TIMELINE=%s. If it is a copy, run no worker on it; see docs/events.md, Copies and failover.', here, here);
end
$$;
revoke execute on function postern_internal.raise_other_timeline(bigint, bigint) from public;
comment on function postern_internal.raise_other_timeline(bigint, bigint) is
'Says that events are delivered on timeline recorded, that this server is on timeline here, and what to do. Errors: 55000, always.';
