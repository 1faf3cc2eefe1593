create or replace view postern_internal.owner_membership as
  select distinct 'error' as level, 'owner_membership' as code, 'role ' || quote_ident(v.rolname) as object,
         'A role may become the owner of Postern' as title,
         'Only during an installation has postern_owner a member: it reads all keys and may change everything.' as detail,
         format('revoke postern_owner from %I;', v.rolname) as fix
    from postern_internal.role_membership as m
    join pg_roles as v on v.oid = m.last_member
   where m.roleid = to_regrole('postern_owner')
   union all
  select distinct 'error', 'owner_membership', 'role ' || quote_ident(v.rolname),
         'A role may act as postern_event_function',
         'Only during an installation has postern_event_function a member: it owns the function that takes the worker''s rights away, and may call every function for events.',
         format('revoke postern_event_function from %I;', v.rolname)
    from postern_internal.role_membership as m
    join pg_roles as v on v.oid = m.last_member
   where m.roleid = to_regrole('postern_event_function')
   union all
  select 'error', 'owner_membership', 'role postern_event_function',
         'Functions that events call have more than their owner''s rights',
         format('Role postern_event_function is a member of %s, and must not be a member of any role.', quote_ident(r.rolname)),
         format('revoke %I from postern_event_function;', r.rolname)
    from pg_auth_members as m
    join pg_roles as r on r.oid = m.roleid
   where m.member = to_regrole('postern_event_function');
comment on view postern_internal.owner_membership is 'Check of postern.doctor: members of postern_owner and of postern_event_function, and roles that the latter is a member of.';
