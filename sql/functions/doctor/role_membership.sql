-- Who can act as whom, in any way. From PostgreSQL 16 on, a membership may allow neither inheriting from the role nor
-- becoming it, like that of the role's creator. The columns that say so are read through jsonb, because version 15
-- lacks them.

create or replace view postern_internal.role_membership as
  with recursive
  direct as (
    select m.member, m.roleid
      from pg_auth_members as m
     cross join lateral to_jsonb(m) as j
     where coalesce((j ->> 'inherit_option')::boolean, true) or coalesce((j ->> 'set_option')::boolean, true)
  ),
  reached (member, roleid, last_member) as (
    select d.member, d.roleid, d.member from direct as d
    union
    select r.member, d.roleid, d.member from reached as r join direct as d on d.member = r.roleid
  )
  select r.member, r.roleid, r.last_member from reached as r;
comment on view postern_internal.role_membership is 'For postern.doctor: which role is a member of which, over any number of steps. last_member: the role to which roleid is granted directly.';
