-- TRUNCATE has no transition table, so nobody could be shown what is removed.

create or replace function postern.refuse_guarded_truncate()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = '55000',
    message = format('%I.%I is guarded by a gate and cannot be truncated', tg_table_schema, tg_table_name),
    detail = format('The gate is %s. TRUNCATE would remove rows without anybody''s approval.', tg_argv[0]),
    hint = 'Use DELETE, which asks for an approval. To empty the table, have its owner call postern.unprotect_gate, truncate, and guard it again, in one transaction.';
end
$$;
revoke execute on function postern.refuse_guarded_truncate() from public;
grant execute on function postern.refuse_guarded_truncate() to postern_admin;
comment on function postern.refuse_guarded_truncate() is 'For the triggers of protect_gate: refuses truncate on tables whose deletions are guarded by a gate, while that gate is active. Argument: the gate. Errors: 55000 always.';
