-- For policies on columns of numbers, which an index finds only if what they are compared with is a number too. A code
-- counts where it is the canonical text of one: 010 is another company than 10, and no column of numbers has it. CASE keeps
-- the casts from what they would fail for.

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
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.current_company_numbers() to public;
comment on function postern.current_company_numbers() is
'For policies: the companies of the current user whose code is the canonical text of a number, as that. Errors: PS401, PS402.';
