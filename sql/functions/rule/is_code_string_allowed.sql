create or replace function postern.is_code_string_allowed(
  company text,
  code_a text,
  code_b text default null,
  code_c text default null,
  code_d text default null,
  code_e text default null,
  code_f text default null,
  code_g text default null,
  code_h text default null,
  code_i text default null,
  code_j text default null
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
  codes constant text[] := postern_internal.code_string(code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j);
  access record;
begin
  select c.row_level_security, u.class_id
    into access
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id and u.company = is_code_string_allowed.company;
  return found and (not access.row_level_security
                    or access.class_id is not null and postern_internal.class_allows(access.class_id, codes));
end
$$;
revoke execute on function postern.is_code_string_allowed(text, text, text, text, text, text, text, text, text, text, text) from public;
grant execute on function postern.is_code_string_allowed(text, text, text, text, text, text, text, text, text, text, text) to postern_user, postern_admin;
comment on function postern.is_code_string_allowed(text, text, text, text, text, text, text, text, text, text, text) is
'Whether the current user may see rows of a company with this code string, which need not exist yet. False if the company is NULL or does not exist. Errors: PS301 code part A is blank or a code part is not usable, PS401, PS402.';
