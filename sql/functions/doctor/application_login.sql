create or replace view postern_internal.application_login as
  select r.oid, r.rolname
    from pg_roles as r
   where r.rolcanlogin
     and not r.rolsuper
     and (exists (select
                    from postern_internal.role_membership as m
                   where m.member = r.oid and m.roleid = to_regrole('postern_user'))
          or exists (select from postern_internal.end_user as e where e.db_role = r.rolname and e.active));
comment on view postern_internal.application_login is 'For postern.doctor: login roles that work with Postern, as an application or as an end user.';
