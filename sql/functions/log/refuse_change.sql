-- The log only grows, and personal fields can be removed from it by a recorded redaction. This trigger stops mistakes,
-- and everybody except superusers; their changes are detected with the proof that an outsider keeps. guard_log_partition
-- gives the trigger to each partition too, because a statement that names a partition does not fire the triggers of the
-- whole table.

create or replace function postern_internal.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- check_redaction looks at each row of the one change that there is.
  if tg_op = 'UPDATE' and tg_argv[0] = 'redaction'
     and exists (select from postern_internal.own_entry as e where e.outcome = 'administered' and e.action = 'redaction') then
    return null;
  end if;
  raise exception using
    errcode = '55000',
    message = format('%s.%s cannot be changed', tg_table_schema, tg_table_name),
    detail = format('%s was tried; the log is append-only.', tg_op),
    hint = 'Leave the log as it is: Postern never needs this change.';
end
$$;
revoke execute on function postern_internal.refuse_change() from public;
comment on function postern_internal.refuse_change() is 'Trigger of tables that only grow. Its argument redaction allows an UPDATE to a transaction that has recorded a redaction. Errors: 55000.';

create or replace trigger refuse_change
before update or delete or truncate
on postern_internal.checkpoint_entry
for each statement
execute function postern_internal.refuse_change('redaction');
comment on trigger refuse_change on postern_internal.checkpoint_entry is 'The log is append-only.';

create or replace trigger refuse_change
before update or delete or truncate
on postern_internal.leaf
for each statement
execute function postern_internal.refuse_change();
comment on trigger refuse_change on postern_internal.leaf is 'The log''s tree is append-only.';

create or replace trigger refuse_change
before update or delete or truncate
on postern_internal.tree_head
for each statement
execute function postern_internal.refuse_change();
comment on trigger refuse_change on postern_internal.tree_head is 'Signed tree heads are kept.';

create or replace trigger refuse_change
before update or delete or truncate
on postern_internal.log_export
for each statement
execute function postern_internal.refuse_change();
comment on trigger refuse_change on postern_internal.log_export is 'What was exported stays known.';

create or replace trigger refuse_change
before update or delete or truncate
on postern_internal.log_drop
for each statement
execute function postern_internal.refuse_change();
comment on trigger refuse_change on postern_internal.log_drop is 'What was dropped stays known.';
