-- The only way to change the log. Whoever updates it, even Postern's own code with an error in it, can only take
-- personal values away, in a transaction that has recorded that, and cannot change a leaf.
--
-- A row trigger of the partitioned table: PostgreSQL copies it to each partition.

create or replace function postern_internal.check_redaction()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- As rows of the whole table: a partition has a row type of its own.
  before constant postern_internal.checkpoint_entry := old;
  after constant postern_internal.checkpoint_entry := new;
  removed constant integer[] := array(select n from generate_subscripts(after.redactions, 1) as n
                                       where after.redactions[n] is not null and before.redactions[n] is null);
  recorded constant bigint := after.redactions[removed[1]];
begin
  if exists (select from postern_internal.own_entry as e where e.log_id = recorded and e.outcome = 'administered' and e.action = 'redaction')
     and after is not distinct from postern_internal.redacted_entry(before, removed, recorded)
     and postern_internal.leaf_hash(after) = postern_internal.leaf_hash(before) then
    return new;
  end if;
  raise exception using
    errcode = '55000',
    message = format('Entry %s of the log cannot be changed like this', old.log_id),
    detail = format('Fields to remove: %s. Record: %s. The log is append-only: only personal fields can be removed, by a transaction that has recorded that.',
                    removed::text, coalesce(recorded::text, 'none')),
    hint = 'Redact with "postern log redact".';
end
$$;
revoke execute on function postern_internal.check_redaction() from public;
comment on function postern_internal.check_redaction() is
'Trigger of the log: an UPDATE may only remove personal fields, and must be recorded by the same transaction. Errors: 55000.';

create or replace trigger check_redaction
before update
on postern_internal.checkpoint_entry
for each row
execute function postern_internal.check_redaction();
comment on trigger check_redaction on postern_internal.checkpoint_entry is 'Only personal fields can be removed from the log.';
