create or replace function postern.user_access(userid text)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  access jsonb;
begin
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  perform postern_internal.require_accounts(array[userid]);
  select a.access into strict access from postern_internal.users_access(array[userid]) as a;
  return access || jsonb_build_object(
    'rules',
    coalesce((select jsonb_agg(to_jsonb(r) order by r.company collate "C", r.ledger_id collate "C" nulls first, r.rule_id)
                from (select u.company, null::text as ledger_id, u.class
                        from postern.company_user as u
                       where u.userid = user_access.userid
                       union all
                      select u.company, u.ledger_id, u.class
                        from postern.ledger_user as u
                       where u.userid = user_access.userid) as k
                join postern.authority_combination as r
                  on r.company = k.company and r.class = k.class and r.ledger_id is not distinct from k.ledger_id), '[]'),
    'gates',
    (select jsonb_agg(jsonb_build_object(
              'gate_id', g.gate_id, 'description', g.description, 'asks', g.stops, 'exclusive', g.exclusive,
              'built_in', g.built_in, 'may_approve', access -> 'gates' ? g.gate_id)
              order by g.gate_id collate "C")
       from postern_internal.gate as g),
    'actions',
    coalesce((select jsonb_agg(jsonb_build_object(
                       'action', a.action, 'checkpoint', a.checkpoint, 'legacy_checkpoints', a.legacy_checkpoints,
                       'asks', postern_internal.action_asks(a), 'may_perform', access -> 'actions' ? a.action)
                       order by a.action collate "C")
                from postern_internal.action as a), '[]'));
end
$$;
revoke execute on function postern.user_access(text) from public;
grant execute on function postern.user_access(text) to postern_admin, postern_auditor;
comment on function postern.user_access(text) is
'All that a user may see and do, as one object, from one snapshot. It has what postern.access_report has, and rules: the rules of the user''s classes. gates: all gates; asks: whether the gate stops transactions; may_approve: whether the user may approve there. actions: all actions; asks: whether one of its gates stops; may_perform: whether the user can begin the action and approve what it asks. Errors: PS107 no such user, or this transaction has answered a challenge.';
