create or replace function postern.is_ledger_combination_allowed(
  company text,
  ledger_id text,
  posting_combination_id numeric
)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
  access record;
begin
  select c.row_level_security, u.class_id
    into access
    from postern_internal.ledger_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id
     and u.company = is_ledger_combination_allowed.company
     and u.ledger_id = is_ledger_combination_allowed.ledger_id;
  return found and postern_internal.combination_is_allowed(company, case when access.row_level_security then access.class_id end,
                                                              postern_internal.combination_id(posting_combination_id));
end
$$;
revoke execute on function postern.is_ledger_combination_allowed(text, text, numeric) from public;
grant execute on function postern.is_ledger_combination_allowed(text, text, numeric) to postern_user, postern_admin;
comment on function postern.is_ledger_combination_allowed(text, text, numeric) is
'Whether the current user may see rows of an internal ledger with this posting combination: the user is connected to the ledger, and the class there, if any, allows it. False if an argument is NULL or does not exist. Errors: PS401, PS402.';
