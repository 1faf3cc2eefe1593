-- For policies on number columns: an index on such a column is used only if the compared value is a number too. A code
-- counts only if it is the canonical text of a number: 010 is another company than 10, and no number column contains
-- it. CASE keeps values that would fail away from the casts.

create or replace function postern.current_company_numbers()
returns table (company bigint)
language plpgsql
stable
rows 10
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  current_user_id constant text := postern.current_userid();
begin
  return query
    select n.company
      from postern_internal.company_user as u
     cross join lateral (
       select case when u.company ~ '^(0|-?[1-9][0-9]{0,18})$'
                   then case when u.company::numeric between -9223372036854775808 and 9223372036854775807 then u.company::bigint end
              end as company
     ) as n
     where u.userid = current_user_id and n.company is not null;
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.current_company_numbers() to public;
comment on function postern.current_company_numbers() is
'For the policies of protect_company: the companies of the current user whose code is the canonical text of a number, as numbers. Errors: PS401, PS402.';
