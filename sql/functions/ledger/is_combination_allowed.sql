create or replace function postern.is_combination_allowed(
  company text,
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
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id and u.company = is_combination_allowed.company;
  if not found or access.row_level_security and access.class_id is null then
    return false;
  end if;
  return postern_internal.combination_is_allowed(company, case when access.row_level_security then access.class_id end, posting_combination_id);
end
$$;
revoke execute on function postern.is_combination_allowed(text, numeric) from public;
grant execute on function postern.is_combination_allowed(text, numeric) to postern_user, postern_admin;
comment on function postern.is_combination_allowed(text, numeric) is
'Whether the current user may see rows of a company with this posting combination. False where either is NULL or does not exist. A bigint will do as an id. Errors: PS401, PS402.';
