-- A table may inherit from several parents, and a query through one of them applies the policies of that parent alone.
-- The parents have to be protected one after the other, so open ones are reported instead of refused.

create or replace function postern.open_parents(
  relations regclass[],
  policy name
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive above (oid) as (
      select i.inhparent from pg_inherits as i where i.inhrelid = any (relations::oid[])
       union
      select i.inhparent from pg_inherits as i join above as a on a.oid = i.inhrelid
    )
    select string_agg(a.oid::regclass::text, ', ' order by a.oid)
      from above as a
     where not exists (select from pg_policy as p where p.polrelid = a.oid and p.polname = open_parents.policy));
end
$$;
revoke execute on function postern.open_parents(regclass[], name) from public;
grant execute on function postern.open_parents(regclass[], name) to postern_admin;
comment on function postern.open_parents(regclass[], name) is
'For protect_... and unprotect: the tables above relations, at all levels, that lack policy, so that queries of them read relations without it; separated by commas. NULL if there are none.';
