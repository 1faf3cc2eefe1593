create or replace view postern_internal.owner_membership as
  select distinct 'error' as level, 'owner_membership' as code, 'role ' || quote_ident(v.rolname) as object,
         'A role may become the owner of Postern' as title,
         'Nobody is a member of postern_owner but during an installation: it reads all keys and may change everything.' as detail,
         format('revoke postern_owner from %I;', v.rolname) as fix
    from postern_internal.role_membership as m
    join pg_roles as v on v.oid = m.last_member
   where m.roleid = to_regrole('postern_owner');
comment on view postern_internal.owner_membership is 'Check of postern.doctor: members of postern_owner.';
