-- The restart itself is signed outside the database. Here log IDs skip ahead, because a restored database continues
-- counting where its backup was made. Without that, new entries would get the IDs of lost ones.

create or replace function postern.restart_log(
  lowest_lost bigint,
  highest_lost bigint,
  out place text,
  out timeline bigint,
  out reused bigint
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  here constant postern_internal.place := postern_internal.current_place();
  given bigint;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  perform from postern_internal.sealing for update nowait;
  given := postern_internal.last_given_log_id();
  if lowest_lost > highest_lost or highest_lost > given + 10000000000 then
    raise exception using
      errcode = 'PS107',
      message = 'Log ids cannot skip ahead so far',
      detail = format('lowest_lost is %s, highest_lost is %s, and the last id given out here is %s.', lowest_lost, highest_lost, given),
      hint = 'Restart with "postern log restart". It passes the log ids of lost entries, which lie at most 10000000000 above the last one.';
  end if;
  -- What is committed here in the meantime counts as reused, or gets an id above.
  while highest_lost >= postern_internal.last_given_log_id() loop
    perform nextval('postern_internal.log_skip');
  end loop;
  place := postern_internal.place_text(here);
  timeline := here.timeline;
  reused := (select count(*)
               from postern_internal.checkpoint_entry as e
              where e.log_id between lowest_lost and highest_lost
                and not exists (select from postern_internal.leaf as l where l.log_id = e.log_id));
end
$$;
revoke execute on function postern.restart_log(bigint, bigint) from public;
grant execute on function postern.restart_log(bigint, bigint) to postern_sealer;
comment on function postern.restart_log(bigint, bigint) is
'For postern log restart: gives new entries of the log ids above those of lost entries. The command signs what was lost. lowest_lost, highest_lost: the range of lost log ids; NULL: none is known. place, timeline: which database this is, as in its errors. reused: how many entries already got an id in that range. Errors: PS107 argument, 55P03 another session is sealing, 42501 this database does not allow the login.';
