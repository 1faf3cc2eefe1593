-- With a pinned search_path, so that every name outside pg_catalog is qualified, whoever calls it. Quotes appear only
-- around names that need them.

create or replace function postern.policy_condition(policy oid, is_check boolean)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
begin
  return (select pg_get_expr(case when is_check then p.polwithcheck else p.polqual end, p.polrelid)
            from pg_policy as p
           where p.oid = policy);
end
$$;
revoke execute on function postern.policy_condition(oid, boolean) from public;
grant execute on function postern.policy_condition(oid, boolean) to postern_admin, postern_auditor;
comment on function postern.policy_condition(oid, boolean) is
'For postern.doctor: the USING condition of a policy, or with is_check its WITH CHECK condition, with qualified names. NULL if there is none.';
