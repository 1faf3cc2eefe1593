-- If a MERGE moves a row to another partition, PostgreSQL fires the UPDATE triggers of the statement, but puts the row
-- into neither of their transition tables. So no guard sees it. A plain UPDATE shows the row, but a trigger cannot tell
-- the two statements apart.

create or replace function postern.refuse_guarded_move()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes boolean := true;
  stays boolean;
begin
  if tg_nargs > 1 then
    execute (select format('select row(%s)::record *<> row(%s)::record', string_agg(format('($1).%I', tg_argv[n]), ', '), string_agg(format('($2).%I', tg_argv[n]), ', '))
               from generate_series(1, tg_nargs - 1) as n) into changes using old, new;
  end if;
  if changes then
    execute format('select %s from (select ($1).*) as r', coalesce(pg_get_partition_constraintdef(tg_relid), 'true')) into stays using new;
  end if;
  if stays is not false then
    return new;
  end if;
  raise exception using
    errcode = '55000',
    message = format('A guarded row of %I.%I cannot move to another partition', tg_table_schema, tg_table_name),
    detail = format('The statement changes what gate %s guards, and moves the row to another partition. If a MERGE does both, the guard cannot see the row.', tg_argv[0]),
    hint = 'Change the guarded columns in one statement, and the partition key in another one. If the key is guarded itself, delete the row and insert it again.';
end
$$;
revoke execute on function postern.refuse_guarded_move() from public;
grant execute on function postern.refuse_guarded_move() to postern_admin;
comment on function postern.refuse_guarded_move() is 'For the triggers of protect_gate: keeps rows of a partitioned table whose updates are guarded by a gate from moving, while that gate is active. Arguments: the gate, then the guarded columns; none: all. Errors: 55000 a row would move to another partition.';
