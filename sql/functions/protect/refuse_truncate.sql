-- Row security does not cover TRUNCATE, which would remove rows that the user may not see.

create or replace function postern.refuse_truncate()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = '55000',
    message = format('%I.%I is protected and cannot be truncated', tg_table_schema, tg_table_name),
    detail = 'TRUNCATE would remove rows that the user may not see.',
    hint = 'Use DELETE, which removes the rows that the user may see. To empty the table, have its owner call postern.unprotect, truncate, and protect it again, in one transaction.';
end
$$;
revoke execute on function postern.refuse_truncate() from public;
grant execute on function postern.refuse_truncate() to postern_admin;
comment on function postern.refuse_truncate() is 'For the triggers of protected tables: refuses truncate. Errors: 55000 always.';

create or replace trigger postern_refuse_truncate
before truncate
on postern.posting_combination
for each statement
execute function postern.refuse_truncate();
comment on trigger postern_refuse_truncate on postern.posting_combination is 'Rows of applications refer to these.';
