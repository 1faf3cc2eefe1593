-- Whoever owns a schema may drop what is in it. That of pg_database_owner is the owner of the database. A table below a
-- protected one is reported only if it has another owner or schema than that one, because there may be thousands.

create or replace view postern_internal.application_owns_table as
  with locked as materialized (
    select w.relation, w.recorded, w.identity, w.relowner, string_agg(distinct w.lock, ' and its ' order by w.lock desc) as locks
      from (select p.relation, p.recorded, p.identity, p.relowner, 'policies' as lock from postern_internal.protected_relation as p where p.place in ('itself', 'below')
             union all
            select g.relation, g.recorded, g.identity, g.relowner, 'guards' as lock from postern_internal.guarded_relation as g where g.place in ('itself', 'below')) as w
     group by w.relation, w.recorded, w.identity, w.relowner
  ),
  owned as (
    select l.relation, l.identity, l.locks, l.relowner as owner, null::name as home
      from locked as l
      join pg_class as r on r.oid = l.recorded
     where l.relation = l.recorded or l.relowner <> r.relowner
     union all
    select l.relation, l.identity, l.locks, case when n.nspowner = to_regrole('pg_database_owner') then d.datdba else n.nspowner end, n.nspname
      from locked as l
      join pg_class as c on c.oid = l.relation
      join pg_class as r on r.oid = l.recorded and (r.oid = c.oid or r.relnamespace <> c.relnamespace)
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_database as d on d.datname = current_database()
  )
  select distinct on (p.relation)
         'warn' as level, 'application_owns_table' as code, 'table ' || p.identity as object,
         'An application may remove the protection' as title,
         format('%s, which the application %s, owns %s: an attacker who makes the application send SQL may drop %s.', quote_ident(o.rolname),
                case when a.names = quote_ident(o.rolname) then 'logs in as' else a.names || ' may become' end,
                case when p.home is null then 'the table' else format('schema %I', p.home) end,
                case when p.home is null then 'its ' || p.locks else format('the table with its %s', p.locks) end) as detail,
         case when p.home is null
              then format('As a superuser: give %s to a role that cannot log in (create role ... nologin; alter table %s owner to ...;), and grant %s what it needs.', p.identity, p.identity, a.names)
                   || case when p.locks like '%guards' then ' Then guard the table again.' else '' end
              else format('As a superuser: give schema %I to a role that cannot log in (create role ... nologin; alter schema %I owner to ...;), and grant %s usage on it.', p.home, p.home, a.names) end as fix
    from owned as p
    join pg_roles as o on o.oid = p.owner
   cross join lateral (
     select string_agg(quote_ident(l.rolname), ', ' order by l.rolname) as names
       from postern_internal.application_login as l
      where (l.oid = p.owner or exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = p.owner))
        and exists (select from postern_internal.role_membership as m where m.member = l.oid and m.roleid = to_regrole('postern_app'))
   ) as a
   where a.names is not null
   order by p.relation, p.home nulls first;
comment on view postern_internal.application_owns_table is 'Check of postern.doctor: protected and guarded tables owned by the role of an application, or by a role that it may become, or in a schema that such a role owns.';
