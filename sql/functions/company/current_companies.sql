-- For policies. They call this instead of reading the view user_finance_auth_pub, because pg_dump allows no view in a
-- policy (restrict_nonsystem_relation_kind). It returns a set, from which the policy builds an array: an array returned
-- by PL/pgSQL is in its expanded form, and would be flattened again for each row.

create or replace function postern.current_companies()
returns table (company text)
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
  return query select u.company from postern_internal.company_user as u where u.userid = current_user_id;
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.current_companies() to public;
comment on function postern.current_companies() is
'The companies of the current user, for policies. Errors: PS401, PS402.';
