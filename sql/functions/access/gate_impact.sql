-- Whether a gate stops transactions afterwards is derived here as in derived_gate.

create or replace function postern_internal.gate_impact(changes jsonb)
returns table (
  effect text,
  kind text,
  userid text,
  name text,
  reason text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with setting as materialized (
    select s.name, s.value = 'true' as was_on,
           coalesce((select lower(c ->> 'value') in ('true', 'on', 'yes', '1') from jsonb_array_elements(changes -> 'settings') as c where c ->> 'name' = s.name limit 1),
                    s.value = 'true') as is_on
      from postern_internal.setting as s
     where s.name in ('checkpoints_enabled', 'all_users_valid')
  ), administration as materialized (
    select postern_internal.approved_kinds(s.value) as old_kinds,
           -- A value that the setting cannot have counts as a gain.
           postern_internal.approved_kinds(coalesce((select coalesce(postern_internal.setting_kinds(c ->> 'value'), 'none')
                                                       from jsonb_array_elements(changes -> 'settings') as c where c ->> 'name' = s.name limit 1),
                                                    s.value)) as new_kinds
      from postern_internal.setting as s
     where s.name = 'administration_gate'
  ), changed_gate as (
    select c ->> 'gate_id' as gate_id, (c ->> 'active')::boolean as active, (c ->> 'exclusive')::boolean as exclusive,
           c ? 'schemes' as has_schemes, nullif(c -> 'schemes', 'null') as schemes,
           nullif(c -> 'parameters', 'null') as parameters, coalesce(nullif(c -> 'bound_parameters', 'null'), nullif(c -> 'parameters', 'null')) as bound
      from jsonb_array_elements(changes -> 'gates') as c
  ), gate as materialized (
    select coalesce(g.gate_id, c.gate_id) as gate_id, coalesce(g.stops, false) as did_stop,
           case when g.gate_id = 'POSTERN_ADMINISTRATION' then a.new_kinds <> '{}'
                when g.built_in then g.stops else coalesce(c.active, g.active, false) and s.is_on end as stops,
           coalesce(g.exclusive, false) as was_exclusive, coalesce(c.exclusive, g.exclusive, false) or c.schemes is not null as exclusive,
           array(select p from unnest(g.parameters) as p where p <> all (g.unbound_parameters)) as old_bound,
           case when c.bound is null then array(select p from unnest(g.parameters) as p where p <> all (g.unbound_parameters))
                else array(select jsonb_array_elements_text(c.bound)) end as new_bound,
           postern_internal.gate_schemes(g) as old_schemes,
           array(select s.scheme from postern_internal.scheme as s
                  where s.enabled
                    and case when c.has_schemes then c.schemes is null or c.schemes ? s.scheme
                             else s.scheme = any (postern_internal.gate_schemes(g)) end) as new_schemes
      from postern_internal.gate as g
      full join changed_gate as c on c.gate_id = g.gate_id
     cross join setting as s
     cross join administration as a
     where s.name = 'checkpoints_enabled'
  ), changed_action as (
    select a ->> 'action' as action, coalesce((a ->> 'remove')::boolean, false) as removed, a as given from jsonb_array_elements(changes -> 'actions') as a
  ), action as materialized (
    select coalesce(a.action, c.action) as action, a.action is not null as was_there, not coalesce(c.removed, false) as is_there,
           array_remove(a.checkpoint || a.legacy_checkpoints, null) as old_gates,
           array_remove(case when c.given ? 'checkpoint' then c.given ->> 'checkpoint' else a.checkpoint end
                        || case when c.given ? 'legacy_checkpoints' then array(select jsonb_array_elements_text(nullif(c.given -> 'legacy_checkpoints', 'null')))
                                else coalesce(a.legacy_checkpoints, '{}') end, null) as new_gates
      from postern_internal.action as a
      full join changed_action as c on c.action = a.action
  ), asked as materialized (
    select a.action, a.was_there, a.is_there,
           exists (select from gate as g where g.gate_id = any (a.old_gates) and g.did_stop) as did_ask,
           exists (select from gate as g where g.gate_id = any (a.new_gates) and g.stops) as asks,
           (select string_agg(g, ', ' order by g) from unnest(a.new_gates) as g where g <> all (a.old_gates)) as added,
           (select string_agg(g, ', ' order by g) from unnest(a.old_gates) as g where g <> all (a.new_gates)) as dropped
      from action as a
  ), login as (
    select coalesce(e.userid, normalize(u ->> 'userid', NFKC)) as userid, e.db_role::text as old_role, case when u ? 'db_role' then u ->> 'db_role' else e.db_role::text end as new_role,
           coalesce(e.active, false) as was_active, coalesce((u ->> 'active')::boolean, e.active, true) as is_active
      from jsonb_array_elements(changes -> 'users') as u
      left join postern_internal.end_user as e on e.folded = postern_internal.fold_userid(u ->> 'userid')
  )
  select case when s.is_on = (s.name = 'all_users_valid') then 'gains' else 'loses' end, 'setting', null::text, s.name,
         case s.name when 'all_users_valid' then case when s.is_on then 'Other users may approve in a user''s session.'
                                                      else 'Only the user of a session may approve in it.' end
                     else case when s.is_on then 'Gates stop transactions.' else 'No gate stops transactions, except built-in ones.' end end
    from setting as s
   where s.was_on <> s.is_on
   union all
  select e.effect, 'setting', null, 'administration_gate', format(e.reason, array_to_string(e.kinds, ', '))
    from administration as a
   cross join lateral (values
     ('gains', array(select k from unnest(a.old_kinds) as k where k <> all (a.new_kinds) order by k), 'Administrators change these kinds without an approval: %s.'),
     ('loses', array(select k from unnest(a.new_kinds) as k where k <> all (a.old_kinds) order by k), 'Administrators have to approve changes of these kinds: %s.'))
     as e (effect, kinds, reason)
   where e.kinds <> '{}'
   union all
  select e.effect, 'gate', null, g.gate_id, e.reason
    from gate as g
   cross join lateral (values
     ('gains', g.did_stop and not g.stops, 'It no longer asks.'),
     ('loses', g.stops and not g.did_stop, 'It asks from now on.'),
     ('gains', g.did_stop and g.stops and g.was_exclusive and not g.exclusive, 'An approval of other gates opens it too.'),
     ('loses', g.did_stop and g.stops and g.exclusive and not g.was_exclusive, 'Each pass needs its own approval.'),
     ('gains', g.did_stop and g.stops and not g.old_bound <@ g.new_bound,
      format('It no longer binds %s.', (select string_agg(p, ', ' order by p) from unnest(g.old_bound) as p where p <> all (g.new_bound)))),
     ('loses', g.did_stop and g.stops and not g.new_bound <@ g.old_bound,
      format('It binds %s.', (select string_agg(p, ', ' order by p) from unnest(g.new_bound) as p where p <> all (g.old_bound)))),
     ('gains', g.did_stop and g.stops and not g.new_schemes <@ g.old_schemes,
      format('It accepts %s too.', (select string_agg(s, ', ' order by s) from unnest(g.new_schemes) as s where s <> all (g.old_schemes)))),
     ('loses', g.did_stop and g.stops and not g.old_schemes <@ g.new_schemes,
      format('It no longer accepts %s.', (select string_agg(s, ', ' order by s) from unnest(g.old_schemes) as s where s <> all (g.new_schemes))))) as e (effect, holds, reason)
   where e.holds
   union all
  select e.effect, 'action', null, a.action, e.reason
    from asked as a
   cross join lateral (values
     ('gains', a.is_there and not a.was_there, 'It can be begun.'),
     ('loses', a.was_there and not a.is_there, 'It can no longer be begun.'),
     ('gains', a.was_there and a.is_there and a.did_ask and not a.asks, 'None of its gates asks any more.'),
     ('loses', a.was_there and a.is_there and a.asks and not a.did_ask, 'One of its gates asks from now on.'),
     ('gains', a.was_there and a.is_there and a.added is not null, format('An approval of it opens %s.', a.added)),
     ('loses', a.was_there and a.is_there and a.dropped is not null, format('An approval of it no longer opens %s.', a.dropped))) as e (effect, holds, reason)
   where e.holds
   union all
  select e.effect, 'database_role', l.userid, e.role, e.reason
    from login as l
   cross join lateral (values
     ('gains', l.is_active and l.new_role is not null and (not l.was_active or l.new_role is distinct from l.old_role), l.new_role, 'It acts as the user.'),
     ('loses', l.was_active and l.old_role is not null and (not l.is_active or l.new_role is distinct from l.old_role), l.old_role, 'It no longer acts as the user.'))
     as e (effect, holds, role, reason)
   where e.holds
$$;
revoke execute on function postern_internal.gate_impact(jsonb) from public;
comment on function postern_internal.gate_impact(jsonb) is
'Which gates and actions ask less or more than before, and which database roles act as whom, by changes. userid: only for a database role; otherwise everybody who reaches it. changes: see access_impact; checked by check_changes.';
