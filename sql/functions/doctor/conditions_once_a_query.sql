create or replace function postern.conditions_once_a_query(
  policy oid,
  functions oid[]
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  is_check boolean;
  condition text;
  rewritten text;
  called text;
  written text := '';
  changed boolean := false;
begin
  foreach is_check in array array[false, true] loop
    condition := postern.policy_condition(policy, is_check);
    continue when condition is null;
    -- A string may look like a call.
    if regexp_replace(condition, '''([^'']|'''')*''', '', 'g') ~ '''' or condition ~ E'''[^'']*\\(' then
      return null;
    end if;
    rewritten := condition;
    for called in
      select format('%I.%I', n.nspname, p.proname)
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
       where p.oid = any (functions) and p.pronargs = 0
       order by 1
    loop
      rewritten := replace(rewritten, called || '()', '(select ' || called || '())');
    end loop;
    rewritten := regexp_replace(rewritten, E'\\muser_finance_api\\.is_(?:user_)?authorized\\(((?:\\([a-z_][a-z0-9_]*\\)::text)|[a-z_][a-z0-9_]*)\\)',
                                E'(\\1 = any (array(select a.company from postern.user_finance_auth_pub a)))', 'g');
    if rewritten ~ E'\\mis_(user_)?authorized\\(' then
      return null;
    end if;
    changed := changed or rewritten <> condition;
    written := concat_ws(' ', nullif(written, ''), case when is_check then 'with check' else 'using' end, '(' || rewritten || ')');
  end loop;
  return case when changed then written end;
end
$$;
revoke execute on function postern.conditions_once_a_query(oid, oid[]) from public;
grant execute on function postern.conditions_once_a_query(oid, oid[]) to postern_admin, postern_auditor;
comment on function postern.conditions_once_a_query(oid, oid[]) is
'For postern.doctor: USING and WITH CHECK of a policy, with each call of is_authorized(column), and of those functions that take no argument, put into a sub-select. NULL if a certain answer is impossible.';
