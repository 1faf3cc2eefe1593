create or replace function postern.verify_entry(log_id bigint)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  entry postern_internal.checkpoint_entry;
  leaf postern_internal.leaf;
begin
  if log_id is null then
    raise exception using
      errcode = 'PS107',
      message = 'log_id is missing',
      detail = 'log_id is NULL.',
      hint = 'Pass the log_id of an entry.';
  end if;
  select l.* into leaf from postern_internal.leaf as l where l.log_id = verify_entry.log_id;
  select e.* into entry from postern_internal.checkpoint_entry as e where e.log_id = verify_entry.log_id;
  if leaf.log_id is null or entry.log_id is null
     or substring(leaf.hashes for 32) is distinct from postern_internal.leaf_hash(entry) then
    raise exception using
      errcode = 'PS501',
      message = 'The entry does not match the log''s tree',
      detail = case when leaf.log_id is null then format('Entry %s has no leaf: it is not sealed, or its leaf was removed.', log_id)
                    when entry.log_id is null then format('Leaf %s is that of entry %s, which is not there.', leaf.leaf_number, log_id)
                    else format('Entry %s is not what was sealed as leaf %s.', log_id, leaf.leaf_number) end,
      hint = 'Find out what was changed with "postern log verify".';
  end if;
  -- A record whose month was dropped has a leaf.
  if exists (select
               from unnest(entry.redactions) as r (recorded)
              where r.recorded is not null
                and not exists (select from postern_internal.leaf as l where l.log_id = r.recorded)
                and not exists (select from postern_internal.checkpoint_entry as e
                                 where e.log_id = r.recorded and e.outcome = 'administered' and e.action = 'redaction')) then
    raise exception using
      errcode = 'PS501',
      message = 'Values of the entry were removed without a record',
      detail = format('Entry %s names records that are not in the log: %s.', log_id, array_remove(entry.redactions, null)::text),
      hint = 'Find out what was changed with "postern log verify".';
  end if;
end
$$;
revoke execute on function postern.verify_entry(bigint) from public;
grant execute on function postern.verify_entry(bigint) to postern_auditor;
comment on function postern.verify_entry(bigint) is
'Compares an entry of the log with its leaf. That is for a first look: only "postern log verify" compares the tree with a head that is kept outside the database. Errors: PS107 argument, PS501 it does not match, or values were removed without a record.';
