-- TRUNCATE fires no row trigger, so it would change who may do what without an entry in the log.

create or replace function postern_internal.refuse_unrecorded_truncate()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = '55000',
    message = format('%I.%I cannot be truncated', tg_table_schema, tg_table_name),
    detail = 'TRUNCATE leaves no entry in the log about the rows that it removes.',
    hint = 'Use DELETE, which is recorded.';
end
$$;
revoke execute on function postern_internal.refuse_unrecorded_truncate() from public;
comment on function postern_internal.refuse_unrecorded_truncate() is 'Trigger of tables whose changes are recorded. Errors: 55000 always.';
