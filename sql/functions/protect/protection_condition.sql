-- The one place that says what the policies of protected tables check: protect_... creates them from it, and doctor
-- compares them with it. Each sub-SELECT is evaluated once per query, as an InitPlan or a hashed SubPlan.

create or replace function postern.protection_condition(
  relation regclass,
  protection text,
  company_column name,
  combination_column name,
  ledger_column name,
  out using_expression text,
  out check_expression text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  fraction text;
  company_type regtype;
  company text;
  companies text;
  by_map text;
begin
  if company_column is null or protection = 'ledger' and combination_column is null or protection not in ('company', 'ledger') then
    return;
  end if;
  -- A domain is written with the output function of its base type.
  select b.oid::regtype
    into company_type
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    join pg_type as b on b.typoutput = t.typoutput and b.oid = any (postern.protectable_types('company_column')::oid[])
   where a.attrelid = relation and a.attname = company_column;
  -- The compared value has the type of the column, so that an index on the column is usable. Codes are text. They are
  -- cast to that type if they are the canonical text of a value. Lengths are dropped: char(4) would make ABCD of the
  -- code ABCDE.
  if protection = 'company' then
    companies := case when company_type in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then 'c.company from postern.current_company_numbers()'
                      when company_type = 'uuid'::regtype then 'c.company from postern.current_company_uuids()'
                      when company_type = 'bpchar'::regtype then 'c.company::bpchar from postern.current_companies()'
                      else 'c.company from postern.current_companies()' end;
    -- The planner keeps only one branch. An index can use an array. A hash costs each row one look-up, however many
    -- companies there are. It stays parallel only in this form, with nothing around the function.
    using_expression := format(
      'case when postern.company_is_indexed(%1$L::regclass)
            then %2$I = any (array(select %3$s c(company) where postern.require_user_role()))
            else %2$I in (select %3$s c(company) where postern.require_user_role()) end',
      relation, company_column, companies);
    check_expression := using_expression;
    return;
  end if;
  -- No index could serve the condition of a ledger. As text, a value is in its canonical form.
  company := format(case when company_type in ('text'::regtype, 'varchar'::regtype) then '%I' else '%I::text' end, company_column);

  -- A map is older than the combinations that the current statement creates: INSERT ... VALUES (...,
  -- posting_combination_id(...)). So for a row that the map does not show, a function is called, but only if there are
  -- new combinations.
  --
  -- CASE keeps two values away from get_bit: positions outside the map, for which it would raise an error, and
  -- fractions, which would be rounded to another row's id. The planner expects one row in 200 for "= 1", and would
  -- choose joins for so few. For "<> 0" it expects that most rows stay.
  fraction := case when exists (select from pg_attribute as a where a.attrelid = relation and a.attname = combination_column and a.atttypid in ('bigint'::regtype, 'integer'::regtype))
                   then '' else format(' and %I %% 1 = 0', combination_column) end;
  if ledger_column is null then
    by_map := format(
      'case when %1$I >= 1 and %1$I < (select postern.ledger_map_size() where postern.require_user_role())%3$s
                 and %2$s = (select postern.ledger_companies())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))] collate "C"
            then get_bit((select postern.ledger_map()), %1$I::bigint) <> 0
            else false end',
      combination_column, company, fraction);
    check_expression := by_map || format(' or (select postern.has_new_combinations()) and postern.is_new_combination_allowed(%s, %I)', company, combination_column);
    -- If the key is valid, the id is in the map and belongs to the company: a visible row then costs one test by one
    -- built-in function.
    using_expression := format(
      'case when postern.ledger_key_is_valid(%1$L::regclass)
            then get_bit((select postern.ledger_map() where postern.require_user_role()), %2$I::bigint) <> 0
                 or (select postern.has_new_combinations()) and postern.is_new_keyed_combination_allowed(%2$I)
            else %3$s end',
      relation, combination_column, check_expression);
  else
    -- An id of the company is in that company's part of the map. 2^53 is where double precision begins to round.
    check_expression := format(
      'case when %1$I >= 1 and %1$I <= 9007199254740992%4$s
                 and %2$s = (select postern.ledger_companies() where postern.require_user_role())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))] collate "C"
            then coalesce(get_bit((select postern.internal_ledger_map()),
                                  ((select postern.internal_ledger_offsets()) -> (%2$s || chr(31) || %3$I))::bigint
                                  + (select postern.ledger_shifts())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))]
                                  + %1$I::bigint) <> 0, false)
            else false end
       or (select postern.has_new_combinations()) and postern.is_new_ledger_combination_allowed(%2$s, %3$I, %1$I)',
      combination_column, company, ledger_column, fraction);
    using_expression := check_expression;
  end if;
end
$$;
revoke execute on function postern.protection_condition(regclass, text, name, name, name) from public;
grant execute on function postern.protection_condition(regclass, text, name, name, name) to postern_admin, postern_auditor;
comment on function postern.protection_condition(regclass, text, name, name, name) is
'For protect_... and doctor: the conditions of the policy that protects relation, as SQL. protection: company or ledger; combination_column and ledger_column are for ledgers. NULL if there is no such protection, or a column is missing.';
