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
  id text;
  using_expression text;
  check_expression text;
begin
  perform from postern.protectable_tables(target);
  perform postern.require_protectable_column(target, 'company_column', company_column, array['text', 'varchar']::regtype[]);
  perform postern.require_protectable_column(target, 'combination_column', combination_column, array['bigint', 'integer', 'numeric']::regtype[]);
  if ledger_column is not null then
    perform postern.require_protectable_column(target, 'ledger_column', ledger_column, array['text', 'varchar']::regtype[]);
  end if;
  -- From here to the end of the transaction no partition comes or goes.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.record_protection(target, 'ledger', company_column, combination_column, ledger_column);

  -- Everything that is in a SELECT is asked for once a query, in an InitPlan. CASE keeps get_bit from what is outside of
  -- the map, where it would raise an error, and a fraction from being rounded to somebody else's id. The planner takes
  -- "= 1" for one row in 200, and would join for so few; of "<> 0" it expects that most rows stay.
  id := format(case when exists (select from pg_attribute as a where a.attrelid = target and a.attname = combination_column and a.atttypid in ('bigint'::regtype, 'integer'::regtype))
                    then '%1$I >= 1 and %1$I < (select postern.ledger_map_size())'
                    else '%1$I >= 1 and %1$I < (select postern.ledger_map_size()) and %1$I %% 1 = 0' end, combination_column);
  for relation in select p from postern.protectable_tables(target) as p loop
    if ledger_column is null then
      check_expression := format(
        'case when %1$s
              then get_bit((select postern.ledger_map()), %2$I::bigint) <> 0
                   and %3$I = (select postern.ledger_block_companies())[(%2$I::bigint >> 13)::integer + 1] collate "C"
              else false end',
        id, combination_column, company_column);
      -- Where the key is valid, the id is one of the map and the company is the id's: one test by one built-in function
      -- is all that a row costs.
      using_expression := format(
        'case when postern.ledger_key_is_valid(%L::regclass) then get_bit((select postern.ledger_map()), %I::bigint) <> 0 else %s end',
        relation, combination_column, check_expression);
    else
      check_expression := format(
        'case when %1$s
              then coalesce(get_bit((select postern.internal_ledger_map()),
                                    (array_position((select postern.internal_ledger_keys()), %2$I || chr(31) || %3$I) - 1)
                                    * (select postern.ledger_map_size()) + %4$I::bigint) <> 0, false)
              else false end',
        id, company_column, ledger_column, combination_column);
      using_expression := check_expression;
    end if;
    perform postern.put_policy(relation, 'postern_ledger', using_expression, check_expression);
  end loop;
end
$$;
revoke execute on function postern.protect_ledger(regclass, name, name, name) from public;
grant execute on function postern.protect_ledger(regclass, name, name, name) to postern_admin;
comment on function postern.protect_ledger(regclass, name, name, name) is
'Lets nobody, its owner included, read or change rows of a ledger that the current users companies and authority classes do not show. target: a table of the callers, with all its partitions. company_column: text or varchar; combination_column: bigint, integer or numeric; ledger_column: text or varchar, for an internal ledger, whose rows are shown to users who are connected to it. A foreign key (company, posting_combination_id) to postern.posting_combination, with both columns NOT NULL, makes queries faster. Unknown ids, fractions and NULLs are nobodys rows. Superusers and roles with BYPASSRLS pass. Calling it again changes nothing, or takes in new partitions. Errors: PS107 target or column cant be protected; then, of a statement that touches the table, PS401 where no user is known.';
