-- The gate asks the user of the login, with the user's PIN. Superusers are no finding: they can lift the gate.

create or replace view postern_internal.administrator_without_pin as
  with login as materialized (
    select a.rolname, a.rolsuper, a.userid, a.asks_session,
           case when a.asks_session then null
                when a.userid is null then 'no user has this database role'
                when not u.active then format('its user %s is not active', a.userid)
                when c.hash is null then format('its user %s has no PIN', a.userid)
                when c.must_change then format('its user %s has not changed the PIN that an administrator set', a.userid)
                when not a.may_answer then 'it is no member of postern_user' end as reason
      from postern_internal.administering_login as a
      left join postern_internal.end_user as u on u.userid = a.userid
      left join postern_internal.credential as c on c.userid = a.userid
     where exists (select from postern_internal.setting as s where s.name = 'administration_gate' and s.value <> 'none')
  )
  select 'warn' as level, 'administrator_without_pin' as code, 'login ' || quote_ident(l.rolname) as object,
         'An administrator cannot approve' as title,
         format('The setting administration_gate asks administrators, and this one cannot answer: %s.', l.reason) as detail,
         case when l.userid is null then format('Have another administrator give the login a user, with a PIN: select postern.set_user_db_role(..., %L)', l.rolname)
              when l.reason = 'it is no member of postern_user' then format('Let the login answer: grant postern_user to %I', l.rolname)
              when l.reason like '%active' then format('Have another administrator activate the user: select postern.set_user_active(%L, true)', l.userid)
              when l.reason like '%PIN' then format('Have another administrator give the user a PIN: select postern.reset_pin(%L, ...)', l.userid)
              else format('Have the user %s change the PIN', l.userid) end
         || format('; or, if the login need not administer: select postern.disallow_login(%L);', l.rolname) as fix
    from login as l
   where l.reason is not null and not l.rolsuper
   union all
  select 'error', 'administrator_without_pin', 'setting administration_gate', 'No administrator can approve',
         'The setting asks administrators, and none of them can answer. So nobody can change who may do what.',
         'select postern_internal.lift_administration_gate(''no administrator can answer'');'
   where exists (select from postern_internal.setting as s where s.name = 'administration_gate' and s.value <> 'none')
     and not exists (select from login as l where l.reason is null);
comment on view postern_internal.administrator_without_pin is 'Check of postern.doctor: logins that administer, and cannot answer at POSTERN_ADMINISTRATION.';
