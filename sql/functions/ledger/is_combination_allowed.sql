-- A bit that is set says yes, whether or not the company has row-level security: the combination is one of the company,
-- since a class has chunks for the blocks of its own company only. So one statement over two tables answers most calls.
-- The search_path is pg_catalog, pg_temp, spelled as in current_userid and for the same reason.

create or replace function postern.is_combination_allowed(
  company text,
  posting_combination_id numeric
)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
  id constant bigint := postern_internal.combination_id(posting_combination_id);
  allowed boolean;
  class_id bigint;
  row_level_security boolean;
begin
  select get_bit(m.bits, id % postern_internal.block_size()) = 1
    into allowed
    from postern_internal.company_user as u
    join postern_internal.authority_map as m on m.class_id = u.class_id and m.block_no = id / postern_internal.block_size()
   where u.userid = current_user_id
     and u.company = is_combination_allowed.company
     and m.compiled_offset > id % postern_internal.block_size();
  if allowed then
    return allowed;
  end if;
  select c.row_level_security, u.class_id
    into row_level_security, class_id
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id and u.company = is_combination_allowed.company;
  if not found or row_level_security and (class_id is null or allowed is not null) then
    return false;
  end if;
  return postern_internal.combination_is_allowed(company, case when row_level_security then class_id end, id);
end
$$;
revoke execute on function postern.is_combination_allowed(text, numeric) from public;
grant execute on function postern.is_combination_allowed(text, numeric) to postern_user, postern_admin;
comment on function postern.is_combination_allowed(text, numeric) is
'Whether the current user may see rows of a company with this posting combination. False where either is NULL or does not exist. A bigint will do as an id. Errors: PS401, PS402.';
