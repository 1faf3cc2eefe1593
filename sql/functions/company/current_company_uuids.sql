-- Like current_company_numbers, for columns of type uuid, whose canonical text is lower case with four hyphens.

create or replace function postern.current_company_uuids()
returns table (company uuid)
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
       select case when u.company ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then u.company::uuid end as company
     ) as n
     where u.userid = current_user_id and n.company is not null;
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.current_company_uuids() to public;
comment on function postern.current_company_uuids() is
'For the policies of protect_company: the companies of the current user whose code is the canonical text of a uuid, as uuids. Errors: PS401, PS402.';
