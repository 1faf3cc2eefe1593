-- Who can be asked at POSTERN_ADMINISTRATION: require_administrator asks the user of the login, and the user of the
-- session if the login belongs to nobody. A login counts here as require_allowed_login has it.

create or replace view postern_internal.administering_login
as
  select r.oid, r.rolname, r.rolsuper, u.userid,
         pg_catalog.pg_has_role(r.oid, 'postern_user', 'member') as may_answer,
         u.userid is null and not r.rolsuper and pg_catalog.pg_has_role(r.oid, 'postern_app', 'member') as asks_session
    from pg_catalog.pg_roles as r
    left join postern_internal.end_user as u on u.db_role = r.rolname
   where r.rolcanlogin
     and pg_catalog.pg_has_role(r.oid, 'postern_admin', 'member')
     and (r.rolsuper
          or exists (select
                       from postern_internal.allowed_login as a
                      cross join pg_catalog.pg_control_system() as c
                      where a.db_role = r.rolname
                        and (a.role_oid = r.oid or a.system_identifier <> c.system_identifier)));
revoke all on postern_internal.administering_login from public;
comment on view postern_internal.administering_login is 'Logins that administer this database. userid: the user whose database role it is. may_answer: whether it may call authenticate. asks_session: whether the user of its session approves what it changes.';
