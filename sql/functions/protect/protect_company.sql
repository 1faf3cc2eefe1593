create or replace function postern.protect_company(
  target regclass,
  company_column name default 'company'
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
  -- From here to the end of the transaction no partition can be attached or detached.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.record_protection(target, 'company', company_column, null, null);
  for relation in select p from postern.protectable_tables(target) as p loop
    condition := postern.protection_condition(relation, 'company', company_column, null, null);
    perform postern.put_policy(relation, 'postern_company', condition.using_expression, condition.check_expression);
  end loop;
  perform postern.warn_of_open_parents(target, 'postern_company');
end
$$;
revoke execute on function postern.protect_company(regclass, name) from public;
grant execute on function postern.protect_company(regclass, name) to postern_admin;
comment on function postern.protect_company(regclass, name) is
'Keeps everybody, including the owner of the table, from reading or changing rows of a company of which the current user is not a user. target: a table owned by the caller; its partitions are protected with it. company_column: of type text, varchar, char, smallint, integer, bigint or uuid, or a domain over one; values of the last four match the company whose code is the canonical text of the value. Rows without a company belong to nobody. Superusers and roles with BYPASSRLS are exempt. Views over the table need security_invoker. Calling it again changes nothing, except that it includes new partitions. A WARNING names other, unprotected parents of tables below target: queries of these read the same rows. Errors: PS107 target or column can''t be protected; later, from statements on the table, PS401 if no user is known.';
