-- Many users share a class. So each class is counted once a call, and not once a user.
--
-- Who may approve is what authenticate checks: a PIN that is in use, or another scheme that is enabled and whose
-- function is still one that authenticate would call. A PIN that must change opens only its own change.
--
-- At POSTERN_ADMINISTRATION the user of a login that administers approves, or whoever works in its sessions.
--
-- The caller has checked that user_account hides none of the users: see require_accounts.

create or replace function postern_internal.users_access(userids text[])
returns table (
  userid text,
  access jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with scheme as materialized (
    select s.scheme
      from postern_internal.scheme as s
     where s.enabled
       and (s.scheme in ('PIN', 'TOTP', 'PASSKEY') or postern_internal.is_verify_function(to_regprocedure(s.verify_function)))
  ), administering as materialized (
    select a.userid, a.asks_session from postern_internal.administering_login as a
     where a.may_answer and exists (select from postern_internal.gate as g where g.gate_id = 'POSTERN_ADMINISTRATION' and g.stops)
  ), person as materialized (
    select u.userid, u.description, u.db_role, u.active, u.pin, u.pin_changed_at, u.created_at,
           case when u.locked_until > statement_timestamp() then u.locked_until end as locked_until,
           array(select s.scheme from scheme as s
                  where u.active and case s.scheme when 'PIN' then u.pin = 'set' when 'TOTP' then u.totp = 'set' when 'PASSKEY' then k.userid is not null else true end
                  order by s.scheme <> 'PIN', s.scheme collate "C") as schemes,
           case when u.active and u.pin <> 'none' then '["POSTERN_PIN_CHANGE"]'::jsonb else '[]' end
           || case when u.active and u.totp = 'not_confirmed' and exists (select from scheme as s where s.scheme = 'TOTP')
                   then '["POSTERN_TOTP_CONFIRM"]'::jsonb else '[]' end
           || case when u.active and u.pin = 'set' then '["POSTERN_TOTP_ENROL", "POSTERN_PASSKEY_FIRST"]'::jsonb else '[]' end
           || case when u.active and k.userid is not null and exists (select from scheme as s where s.scheme = 'PASSKEY')
                   then '["POSTERN_PASSKEY_ADD"]'::jsonb else '[]' end
           || case when u.active and u.pin = 'set' and exists (select from administering as a where a.asks_session or a.userid = u.userid)
                   then '["POSTERN_ADMINISTRATION"]'::jsonb else '[]' end as built_in
      -- A hash join: the view reads all users, and each would be compared with each element of the array.
      from unnest(users_access.userids) as w (userid)
      join postern.user_account as u on u.userid = w.userid
      left join (select distinct p.userid from postern_internal.passkey as p) as k on k.userid = u.userid
  ), role as (
    select p.userid,
           case when r.rolsuper then array['superuser']
                else array(select m.rolname::text
                             from pg_roles as m
                            where m.rolname in ('postern_user', 'postern_app', 'postern_trusted_app', 'postern_admin', 'postern_auditor',
                                                'postern_sealer', 'postern_redactor', 'postern_event_worker', 'postern_owner')
                              and pg_has_role(r.oid, m.oid, 'member')
                            order by m.rolname collate "C")
                     || case when r.rolbypassrls then array['bypassrls'] else '{}' end end as roles,
           case when r.oid is null then 'no_such_role'
                when r.rolsuper then 'allowed'
                else coalesce(l.state, 'not_allowed') end as login
      from person as p
      left join pg_roles as r on r.rolname = p.db_role
      left join postern.allowed_login as l on l.db_role = p.db_role
     where p.db_role is not null
  ), gate as materialized (
    -- Once for each set of schemes, and not for each user.
    select d.schemes, jsonb_agg(g.gate_id order by g.gate_id collate "C") as gates
      from (select distinct p.schemes from person as p where p.schemes <> '{}') as d
      join postern_internal.gate as g on g.stops and not g.built_in and (g.schemes is null or g.schemes && d.schemes)
     group by d.schemes
  ), action as materialized (
    select coalesce(jsonb_agg(a.action order by a.action collate "C"), '[]') as every,
           coalesce(jsonb_agg(a.action order by a.action collate "C") filter (where not postern_internal.action_asks(a)), '[]') as unasked
      from postern_internal.action as a
  ), place as materialized (
    select u.userid, u.company, null::text as ledger_id, u.is_default, c.row_level_security, k.class,
           case when c.row_level_security then u.class_id end as counted_class,
           c.row_level_security and u.class_id is null as sees_none
      from postern_internal.company_user as u
      join postern_internal.company as c on c.company = u.company
      left join postern_internal.authority_class as k on k.class_id = u.class_id
     where u.userid = any (users_access.userids)
     union all
    select u.userid, u.company, u.ledger_id, null, c.row_level_security, k.class,
           case when c.row_level_security then u.class_id end, false
      from postern_internal.ledger_user as u
      join postern_internal.company as c on c.company = u.company
      left join postern_internal.authority_class as k on k.class_id = u.class_id
     where u.userid = any (users_access.userids)
  ), counted as materialized (
    -- A class that narrows nothing is written as 0, since a hash join needs equality.
    select d.company, d.class_id, postern_internal.allowed_combinations(d.company, nullif(d.class_id, 0)) as combinations
      from (select p.company, p.counted_class as class_id from place as p where p.counted_class is not null
             union
            select p.company, 0 from place as p) as d
  ), measured as (
    select p.userid, p.company, p.ledger_id, p.is_default, p.row_level_security, p.class,
           case when p.sees_none then 0 else seen.combinations end as combinations,
           whole.combinations as of_combinations
      from place as p
      join counted as whole on whole.company = p.company and whole.class_id = 0
      join counted as seen on seen.company = p.company and seen.class_id = coalesce(p.counted_class, 0)
  ), ledger as (
    select m.userid, m.company,
           jsonb_agg(jsonb_build_object('ledger_id', m.ledger_id, 'class', m.class, 'combinations', m.combinations, 'of_combinations', m.of_combinations)
                     order by m.ledger_id collate "C") as ledgers
      from measured as m
     where m.ledger_id is not null
     group by m.userid, m.company
  ), company as (
    select m.userid,
           jsonb_agg(jsonb_build_object(
             'company', m.company, 'name', c.name, 'is_default', m.is_default, 'row_level_security', m.row_level_security,
             'class', m.class, 'combinations', m.combinations, 'of_combinations', m.of_combinations, 'ledgers', coalesce(l.ledgers, '[]'))
             order by m.company collate "C") as companies
      from measured as m
      join postern_internal.company as c on c.company = m.company
      left join ledger as l on l.userid = m.userid and l.company = m.company
     where m.ledger_id is null
     group by m.userid
  )
  select p.userid,
         jsonb_build_object(
           'userid', p.userid,
           'description', p.description,
           'active', p.active,
           'created_at', p.created_at,
           'pin', p.pin,
           'pin_changed_at', p.pin_changed_at,
           'locked_until', p.locked_until,
           'db_role', p.db_role,
           'roles', coalesce(r.roles, '{}'),
           'login', r.login,
           'schemes', p.schemes,
           'approves_for_others', p.schemes <> '{}' and postern_internal.setting_boolean('all_users_valid'),
           'companies', coalesce(c.companies, '[]'),
           'gates', coalesce(gate.gates, '[]') || p.built_in,
           'actions', case when not p.active then '[]' when p.schemes <> '{}' then action.every else action.unasked end)
    from person as p
   cross join action
    left join gate on gate.schemes = p.schemes
    left join role as r on r.userid = p.userid
    left join company as c on c.userid = p.userid
$$;
revoke execute on function postern_internal.users_access(text[]) from public;
comment on function postern_internal.users_access(text[]) is
'What each of these users may see and do, as postern.access_report describes it.';
