-- Policies determine the end user with functions that only members of postern_user may use. Other roles get an error
-- for each row.

create or replace view postern_internal.missing_membership as
  with recursive
  guarded as materialized (
    select p.relation, p.identity from postern_internal.protected_relation as p
  ),
  readable (relation, guarded) as (
    select g.relation, g.identity from guarded as g
    union
    select w.ev_class, r.guarded
      from readable as r
      join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite as w on w.oid = d.objid
      join pg_class as v on v.oid = w.ev_class and v.relkind = 'v'
     where w.ev_class <> r.relation and v.relowner is distinct from to_regrole('postern_owner')
  ),
  granted (role, relation) as (
    select x.grantee, c.oid
      from (select distinct r.relation from readable as r) as r
      join pg_class as c on c.oid = r.relation
     cross join lateral (
       select c.relacl as acl
        union all
       select a.attacl from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null
     ) as s
     cross join lateral aclexplode(s.acl) as x
     where x.grantee <> 0 and x.grantee <> c.relowner
       and x.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  ),
  wanting as (
    select g.role, string_agg(distinct i.identity, ', ') as relations
      from granted as g
     cross join lateral pg_identify_object('pg_class'::regclass, g.relation, 0) as i
     group by g.role
  ),
  -- The same test as in require_user_role.
  outside as materialized (
    select r.oid, r.rolname, r.rolcanlogin
      from pg_roles as r
     where not r.rolsuper and not r.rolbypassrls and r.rolname !~ '^pg_'
       and not pg_has_role(r.oid, to_regrole('postern_user'), 'usage')
       and not pg_has_role(r.oid, to_regrole('postern_admin'), 'usage')
  )
  select 'warn' as level, 'missing_membership' as code, 'role ' || quote_ident(o.rolname) as object,
         'A role has rights on protected tables but is refused their rows' as title,
         format('It is not a member of postern_user, and has rights on %s.',
                case when length(w.relations) > 1000 then left(w.relations, 1000) || ' and others' else w.relations end) as detail,
         format('grant postern_user to %I;', o.rolname) as fix
    from wanting as w
    join outside as o on o.oid = w.role
   -- A group whose logins are all members in another way causes no trouble.
   where o.rolcanlogin
      or not exists (select from postern_internal.role_membership as m join pg_roles as l on l.oid = m.member where m.roleid = o.oid and l.rolcanlogin)
      or exists (select from postern_internal.role_membership as m join outside as l on l.oid = m.member where m.roleid = o.oid and l.rolcanlogin);
comment on view postern_internal.missing_membership is 'Check of postern.doctor: roles with rights on protected tables, or on views over them, that are not members of postern_user.';
