create or replace function postern.protect_ledger(
  target regclass,
  company_column name default 'company',
  combination_column name default 'posting_combination_id',
  ledger_column name default null
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  relation regclass;
  condition record;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  perform postern.require_protectable_column(target, 'company_column', company_column, postern.protectable_types('company_column'));
  perform postern.require_protectable_column(target, 'combination_column', combination_column, postern.protectable_types('combination_column'));
  if ledger_column is not null then
    perform postern.require_protectable_column(target, 'ledger_column', ledger_column, postern.protectable_types('ledger_column'));
  end if;
  -- From here to the end of the transaction no partition can be attached or detached.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.record_protection(target, 'ledger', company_column, combination_column, ledger_column);
  for relation in select p from postern.protectable_tables(target) as p loop
    condition := postern.protection_condition(relation, 'ledger', company_column, combination_column, ledger_column);
    perform postern.put_policy(relation, 'postern_ledger', condition.using_expression, condition.check_expression);
  end loop;
  perform postern.warn_of_open_parents(target, 'postern_ledger');
end
$$;
revoke execute on function postern.protect_ledger(regclass, name, name, name) from public;
grant execute on function postern.protect_ledger(regclass, name, name, name) to postern_admin;
comment on function postern.protect_ledger(regclass, name, name, name) is
'Keeps everybody, including the owner of the table, from reading or changing rows of a ledger that the current user''s companies and authority classes do not show. target: a table owned by the caller; its partitions are protected with it. company_column: of a type that protect_company accepts; combination_column: bigint, integer or numeric; ledger_column: text or varchar, for an internal ledger, whose rows are shown to users who are connected to it. A foreign key (company, posting_combination_id) to postern.posting_combination, with both columns NOT NULL, makes queries faster. Rows with unknown ids, fractions and NULLs belong to nobody. Superusers and roles with BYPASSRLS are exempt. Calling it again changes nothing, except that it includes new partitions. A WARNING names other, unprotected parents of tables below target: queries of these read the same rows. Errors: PS107 target or column can''t be protected; later, from statements on the table, PS401 if no user is known.';
