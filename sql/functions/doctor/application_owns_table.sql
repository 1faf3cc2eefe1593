create or replace view postern_internal.application_owns_table as
  with owned as materialized (
    select w.relation, w.identity, w.relowner, string_agg(distinct w.lock, ' and its ' order by w.lock desc) as locks
      from (select p.relation, p.identity, p.relowner, 'policies' as lock from postern_internal.protected_relation as p where p.place = 'itself'
             union all
            select g.relation, g.identity, g.relowner, 'guards' as lock from postern_internal.guarded_relation as g where g.place = 'itself') as w
     group by w.relation, w.identity, w.relowner
  )
  select 'warn' as level, 'application_owns_table' as code, 'table ' || p.identity as object,
         'An application may remove the protection' as title,
         format('%s, which the application %s, owns the table: an attacker who makes the application send SQL may drop its %s.', quote_ident(o.rolname),
                case when a.names = quote_ident(o.rolname) then 'logs in as' else a.names || ' may become' end, p.locks) as detail,
         format('As a superuser: give %s to a role that cannot log in (create role ... nologin; alter table %s owner to ...;), and grant %s what it needs.', p.identity, p.identity, a.names)
           || case when p.locks like '%guards' then ' Then guard the table again.' else '' end as fix
    from owned as p
    join pg_roles as o on o.oid = p.relowner
   cross join lateral (
     select string_agg(quote_ident(l.rolname), ', ' order by l.rolname) as names
       from postern_internal.application_login as l
      where (l.oid = p.relowner or exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = p.relowner))
        and exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = to_regrole('postern_app'))
   ) as a
   where a.names is not null;
comment on view postern_internal.application_owns_table is 'Check of postern.doctor: protected and guarded tables owned by the role of an application, or by a role that it may become.';
