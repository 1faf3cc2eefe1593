-- Counts posting combinations for rules that do not exist. Whoever may ask can search code strings by it, one pattern
-- after another. So the grant is not enough here: roles belong to the whole cluster, and an administrator of another
-- database has no right to the code strings of this one.

create or replace function postern.access_impact(changes jsonb)
returns table (
  effect text,
  kind text,
  userid text,
  company text,
  ledger_id text,
  name text,
  combinations bigint,
  of_combinations bigint,
  reason text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.check_changes(changes);
  return query
  select i.effect, i.kind, i.userid, i.company, i.ledger_id, i.name, i.combinations, i.of_combinations, i.reason
    from (select u.effect, case when u.ledger_id is null then 'company' else 'ledger' end as kind, u.userid, u.company, u.ledger_id, null::text as name,
                 u.combinations, u.of_combinations, u.reason
            from postern_internal.user_impact(changes) as u
           union all
          select g.effect, g.kind, g.userid, null, null, g.name, null, null, g.reason
            from postern_internal.gate_impact(changes) as g
           union all
          select t.effect, t.kind, null, null, null, t.name, null, null, t.reason
            from postern_internal.table_impact(changes) as t) as i
   order by i.effect, i.userid collate "C" nulls first, i.company collate "C", i.ledger_id collate "C" nulls first, i.kind, i.name collate "C", i.reason;
end
$$;
revoke execute on function postern.access_impact(jsonb) from public;
grant execute on function postern.access_impact(jsonb) to postern_admin;
comment on function postern.access_impact(jsonb) is
'Who would gain and who would lose what, if changes were made; makes none of them. changes: an object with lists of objects, whose keys are those of configuration files and of the functions that make such changes: settings, gates, actions, users, companies, ledgers, classes, company_users, ledger_users, rules, protected_tables, guards. A key that is absent stays as it is; "remove": true takes the object away. One row for each effect, gains first. effect: gains or loses. userid: NULL for everybody whom kind and name concern. kind: company or ledger (combinations: how many posting combinations the user gains or loses there, of_combinations: of how many), or setting, gate, action, guard, table, database_role. What cannot be judged counts as a gain. Errors: PS107 changes is not usable, PS106 no such gate, PS201 no such company or user, PS301 no such ledger or class, or a pattern that is not usable, 42501.';
