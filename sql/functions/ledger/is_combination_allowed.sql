-- Where the id is compiled, one statement answers. A class has chunks for the blocks of its own company only.

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
  id bigint;
  access record;
begin
  if posting_combination_id between 1::numeric and 9223372036854775807::numeric and posting_combination_id % 1::numeric = 0::numeric then
    id := posting_combination_id::bigint;
  else
    return false;
  end if;
  select c.row_level_security, u.class_id,
         case when m.compiled_offset > id % postern_internal.block_size() then get_bit(m.bits, id % postern_internal.block_size()) = 1 end as allowed
    into access
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
    left join postern_internal.authority_map as m on m.class_id = u.class_id and m.block_no = id / postern_internal.block_size()
   where u.userid = current_user_id and u.company = is_combination_allowed.company;
  if access.row_level_security and access.allowed is not null then
    return access.allowed;
  elsif access.row_level_security is null or access.row_level_security and access.class_id is null then
    return false;
  end if;
  return postern_internal.combination_is_allowed(company, case when access.row_level_security then access.class_id end, id);
end
$$;
revoke execute on function postern.is_combination_allowed(text, numeric) from public;
grant execute on function postern.is_combination_allowed(text, numeric) to postern_user, postern_admin;
comment on function postern.is_combination_allowed(text, numeric) is
'Whether the current user may see rows of a company with this posting combination. False where either is NULL or does not exist. A bigint will do as an id. Errors: PS401, PS402.';
