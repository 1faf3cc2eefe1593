create or replace function postern.record_protection(
  target regclass,
  protection text,
  company_column name,
  combination_column name,
  ledger_column name
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  target_schema name;
  target_table name;
  recorded record;
  other record;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  if protection is null or protection not in ('company', 'ledger') or company_column is null or (protection = 'ledger') <> (combination_column is not null) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such protection',
      detail = format('protection is %s, company_column is %s, combination_column is %s.', coalesce(to_jsonb(left(protection, 128))::text, 'NULL'),
                      coalesce(quote_ident(company_column), 'NULL'), coalesce(quote_ident(combination_column), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger, which call this.';
  end if;
  -- A query of a table by its own name applies one condition. So a table cannot be below two tables that are protected
  -- differently.
  select m.member, t.* into other
    from postern.protectable_tables(target) as m (member)
   cross join lateral postern.protecting_tables(m.member) as t
   where t.target <> record_protection.target
     and ((t.protection, t.company_column) is distinct from (record_protection.protection, record_protection.company_column)
          or t.combination_column is distinct from record_protection.combination_column
          or t.ledger_column is distinct from record_protection.ledger_column)
   limit 1;
  if found then
    raise exception using
      errcode = 'PS107',
      message = format('%s is already protected in another way', other.member),
      detail = format('Through %s it is protected by %s with the columns %s.', other.target, other.protection,
                      concat_ws(', ', quote_ident(other.company_column), quote_ident(other.combination_column), quote_ident(other.ledger_column))),
      hint = format('Protect %s by the same columns, or first run: select postern.unprotect(%L);', target, other.target);
  end if;
  select n.nspname, c.relname into strict target_schema, target_table
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target;
  insert into postern.protected_table as p (schema_name, table_name, protection, company_column, combination_column, ledger_column)
  values (target_schema, target_table, protection, company_column, combination_column, ledger_column)
  on conflict do nothing;
  if found then
    return;
  end if;
  select p.* into strict recorded from postern.protected_table as p
   where p.schema_name = target_schema and p.table_name = target_table and p.protection <> 'gate';
  if (recorded.protection, recorded.company_column) is distinct from (protection, company_column)
     or recorded.combination_column is distinct from combination_column
     or recorded.ledger_column is distinct from ledger_column then
    raise exception using
      errcode = 'PS107',
      message = format('%s is already protected in another way', target),
      detail = format('It is protected by %s with the columns %s.', recorded.protection,
                      concat_ws(', ', quote_ident(recorded.company_column), quote_ident(recorded.combination_column), quote_ident(recorded.ledger_column))),
      hint = format('Call postern.unprotect(%L) and protect the table as intended, in one transaction.', target);
  end if;
end
$$;
revoke execute on function postern.record_protection(regclass, text, name, name, name) from public;
grant execute on function postern.record_protection(regclass, text, name, name, name) to postern_admin;
comment on function postern.record_protection(regclass, text, name, name, name) is
'For protect_...: lists target in postern.protected_table. Errors: PS107 target, or a table below it, is already protected with another protection or other columns.';
