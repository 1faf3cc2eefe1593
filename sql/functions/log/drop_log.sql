-- Only what an outsider can still have proven: sealed under a signed head, written out with its proof, and still what was
-- sealed. An entry that was changed stays, as evidence. The row in log_drop is what the trigger on the log asks for.

create or replace function postern.drop_log(before timestamptz)
returns table (first_leaf bigint, last_leaf bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if before is null or before > clock_timestamp() then
    raise exception using
      errcode = 'PS107',
      message = 'The log cannot be dropped up to then',
      detail = format('before is %s.', coalesce(before::text, 'NULL')),
      hint = 'Pass a time that has passed.';
  end if;
  insert into postern_internal.log_drop (before) values (drop_log.before);
  return query
    with gone as (
      delete from postern_internal.checkpoint_entry as e
       using postern_internal.leaf as l
       where l.log_id = e.log_id
         and e.logged_at < drop_log.before
         and l.leaf_number < (select max(h.tree_size) from postern_internal.tree_head as h)
         and substring(l.hashes for 32) = postern_internal.leaf_hash(e)
         and exists (select from postern_internal.log_export as x
                      where e.logged_at >= x.since and e.logged_at < x.until and l.leaf_number < x.tree_size)
      returning l.leaf_number
    ),
    numbered as (
      select g.leaf_number, g.leaf_number - row_number() over (order by g.leaf_number) as island
        from gone as g
    )
    select min(n.leaf_number), max(n.leaf_number)
      from numbered as n
     group by n.island
     order by 1;
end
$$;
revoke execute on function postern.drop_log(timestamptz) from public;
grant execute on function postern.drop_log(timestamptz) to postern_admin;
comment on function postern.drop_log(timestamptz) is
'Removes entries of the log older than before, if they are sealed, exported with their proofs, and unchanged. Returns the stretches of leaves that they were; the leaves stay, so that proofs go on. Call it through "installer log drop", which signs what was dropped: else "log verify" finds the entries missing. Errors: PS107 argument.';
