-- The one place that says which types the columns of protected tables may have: protect_... and doctor read it.

create or replace function postern.protectable_types(argument text)
returns regtype[]
language sql
immutable
parallel safe
return (
  case argument
    when 'company_column' then array['text', 'varchar', 'bpchar', 'smallint', 'integer', 'bigint', 'uuid']::regtype[]
    when 'combination_column' then array['bigint', 'integer', 'numeric']::regtype[]
    when 'ledger_column' then array['text', 'varchar']::regtype[]
  end
);
revoke execute on function postern.protectable_types(text) from public;
grant execute on function postern.protectable_types(text) to postern_admin, postern_auditor;
comment on function postern.protectable_types(text) is
'For protect_... and doctor: the types, and domains over them, that a column of a protected table may have. argument: company_column, combination_column or ledger_column. NULL for any other.';
