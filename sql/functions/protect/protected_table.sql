-- Written by protect_... and unprotect, which run with the rights of their caller: only the owner of a table may change
-- its policies, and no function of Postern's owner does so for somebody else.

create or replace view postern.protected_table as
  select p.schema_name, p.table_name, p.protection, p.company_column, p.combination_column, p.ledger_column,
         p.gate_id, p.operations, p.columns, p.parameters, p.condition, p.exclusive,
         p.protected_by, p.protected_at
    from postern_internal.protected_table as p;
revoke all on postern.protected_table from public;
grant select on postern.protected_table to postern_admin, postern_auditor;
grant insert, delete on postern.protected_table to postern_admin;
comment on view postern.protected_table is 'Tables that protect_company and protect_ledger protect, and the columns that they use; and one row for each guard of protect_gate, whose protection is gate, with its arguments. Partitions are protected with their table and not listed.';
