create or replace view postern_internal.application_owns_table as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'warn' as level, 'application_owns_table' as code, 'table ' || p.identity as object,
         'An application may remove the protection' as title,
         format('%s, which the application %s, owns the table: an attacker who makes the application send SQL may drop its policies.', quote_ident(o.rolname),
                case when a.names = quote_ident(o.rolname) then 'logs in as' else a.names || ' may become' end) as detail,
         format('As a superuser: give %s to a role that cannot log in (create role ... nologin; alter table %s owner to ...;), and grant %s what it needs.', p.identity, p.identity, a.names) as fix
    from guarded as p
    join pg_roles as o on o.oid = p.relowner
   cross join lateral (
     select string_agg(quote_ident(l.rolname), ', ' order by l.rolname) as names
       from postern_internal.application_login as l
      where (l.oid = p.relowner or exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = p.relowner))
        and exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = to_regrole('postern_app'))
   ) as a
   where a.names is not null and p.place = 'itself';
comment on view postern_internal.application_owns_table is 'Check of postern.doctor: protected tables owned by the role of an application, or by a role that it may become.';
