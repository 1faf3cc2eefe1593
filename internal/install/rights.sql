-- What the current user may not do and an installation needs: position, problem, and the statement of a superuser that
-- helps, in the order in which they have to run. Roles belong to the cluster, so some may be there while others are
-- not. The words in capitals are replaced by what bootstrap.sql lists.

with me as (
  select r.oid, r.rolname as name, r.rolsuper as super, r.rolcreaterole as createrole,
         current_setting('server_version_num')::integer >= 160000 as modern
    from pg_roles as r
   where r.rolname = current_user
),
wanted as (
  select w.name, r.oid, w.name in (OWNING) as owning,
         -- Before PostgreSQL 16 who may create roles may grant all but superusers.
         r.oid is not null and (me.super or pg_has_role(me.oid, r.oid, 'member with admin option') or not me.modern and me.createrole) as grantable
    from me
   cross join unnest(array[ROLES]::name[]) as w (name)
    left join pg_roles as r on r.rolname = w.name
),
may_create_roles as (
  select me.super or me.createrole as already,
         not (me.super or me.createrole) and exists (select from wanted as w where w.oid is null) as asked_for
    from me
),
-- What lets the installing user become a role for the time of an installation. From PostgreSQL 16 on, without being it.
admin_option as (
  select w.name, format('grant %I to %I with %s;', w.name, me.name,
                        case when me.modern then 'admin true, inherit false, set false' else 'admin option' end) as statement
    from me cross join wanted as w
),
-- For PostgreSQL's functions about rights, "public" is what a role has that does not exist yet.
owner as (
  select w.oid is not null as there, case when w.oid is null then 'public' else w.name end as name
    from wanted as w
   where w.name = 'postern_owner'
),
of_owner (position, problem, statement) as (
  select 31, format('postern_owner may not use schema %I, where the extension pgcrypto is', n.nspname),
         format('grant usage on schema %I to postern_owner;', n.nspname)
    from pg_extension as e
    join pg_namespace as n on n.oid = e.extnamespace
   cross join owner
   where e.extname = 'pgcrypto' and not has_schema_privilege(owner.name, n.oid, 'usage')
  union all
  select 32, format('postern_owner may not create tables in tablespace %I, which default_tablespace names', t.spcname),
         format('grant create on tablespace %I to postern_owner;', t.spcname)
    from pg_tablespace as t
    join pg_database as d on d.datname = current_database() and d.dattablespace <> t.oid
   cross join owner
   where t.spcname = current_setting('default_tablespace') and not has_tablespace_privilege(owner.name, t.oid, 'create')
)

select 10 as position,
       format('%I may not create roles, and these do not exist: %s', me.name,
              (select string_agg(w.name, ', ' order by w.name) from wanted as w where w.oid is null)) as problem,
       format('alter role %I createrole;', me.name) as statement
  from me cross join may_create_roles as c
 where c.asked_for

union all
select 20, format('%I may not become %s, which owns objects of Postern', me.name, w.name), a.statement
  from me
 cross join may_create_roles as c
 cross join wanted as w
  join admin_option as a on a.name = w.name
 where w.owning and w.oid is not null and not w.grantable
   and not pg_has_role(me.oid, w.oid, case when me.modern then 'set' else 'member' end)
   and (me.modern or not c.asked_for)

union all
select 21, format('%I may not grant %s to %s', me.name, w.name, m.member),
       case when v.oid is null then a.statement else format('grant %I to %I;', w.name, m.member) end
  from me
 cross join may_create_roles as c
 cross join (values MEMBERSHIPS) as m (role, member)
  join wanted as w on w.name = m.role
  join wanted as v on v.name = m.member
  join admin_option as a on a.name = w.name
 where w.oid is not null and not w.grantable and (v.oid is null or not pg_has_role(v.oid, w.oid, 'member'))
   and (me.modern or not c.asked_for)

union all
select 30, 'postern_owner does not exist, and needs rights before it is created', 'create role postern_owner nologin;'
  from owner
 where not owner.there and exists (select from of_owner)

union all
select 30, format('%I may not become postern_owner once it exists', me.name), a.statement
  from me
  join admin_option as a on a.name = 'postern_owner'
 cross join owner
 where me.modern and not me.super and not owner.there and exists (select from of_owner)

union all
select o.position, o.problem, o.statement from of_owner as o

union all
select 40, format('%I may not create schemas and extensions in database %I', me.name, current_database()),
       format('grant create on database %I to %I;', current_database(), me.name)
  from me
 where not has_database_privilege(me.oid, current_database(), 'create')

union all
select 50, format('%I may not create the extension pgcrypto, which this server does not trust', me.name), 'create extension pgcrypto;'
  from me
 where not me.super
   and not exists (select from pg_extension as e where e.extname = 'pgcrypto')
   and exists (select from pg_available_extensions as e
                 join pg_available_extension_versions as v on v.name = e.name and v.version = e.default_version
                where e.name = 'pgcrypto' and not v.trusted)
