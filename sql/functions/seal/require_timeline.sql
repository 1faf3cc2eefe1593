-- From inside, a failover and a copy recovered to a point in time look alike: same cluster, new timeline. Only an
-- operator outside can say which timeline is production's. The confirmation is a number, because a plain yes would stay
-- in a configuration and be copied with it.
--
-- Other errors share this SQLSTATE, so programs recognise the refusal by the constraint field: place.

create or replace function postern_internal.require_timeline(
  recorded bigint,
  here bigint,
  confirmed bigint,
  command text,
  page text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if confirmed > here then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'This server is on another timeline than the configuration says',
      detail = format('It says %s, and this is timeline %s: a former primary, or a copy.', confirmed, here),
      hint = format('Connect to the server that was promoted, or correct --confirm-timeline and POSTERN_CONFIRM_TIMELINE; see %s.', page);
  end if;
  if recorded <> here and confirmed is distinct from here then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'This server is on a timeline that nobody has confirmed',
      detail = format('"%s" was at work on timeline %s, and this is timeline %s: a standby was promoted, or a copy was recovered up to a point in time. From inside, both look alike.', command, recorded, here),
      hint = format('If this is production now: pass --confirm-timeline %s to "%s" or "postern run", or set POSTERN_CONFIRM_TIMELINE=%s. If it is a copy, do not run it here; see %s.', here, command, here, page);
  end if;
end
$$;
revoke execute on function postern_internal.require_timeline(bigint, bigint, bigint, text, text) from public;
comment on function postern_internal.require_timeline(bigint, bigint, bigint, text, text) is
'Raises an error unless work may continue on this timeline. recorded: the timeline on which the work was done so far; NULL: none. here: the server''s timeline. confirmed: the timeline that the configuration outside the database names; NULL: none. command, page: for the HINT. Errors: 55000, with the constraint place: confirmed is later than here, or recorded is another one and confirmed is not here.';
