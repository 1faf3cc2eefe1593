-- OIDs of another cluster mean nothing here, so require_allowed_login goes by the name.

create or replace view postern_internal.moved_login as
  select 'warn' as level, 'moved_login' as code, 'login ' || quote_ident(a.db_role) as object,
         'A login that another cluster allowed counts by its name' as title,
         case when r.oid is null then 'There is no such role here. Whoever creates one of this name has a login that is allowed.'
              else 'Whether this role is the one that was allowed, the database cannot tell.' end as detail,
         case when r.oid is null then format('select postern.disallow_login(%L);', a.db_role)
              else format('Where this role is meant: select postern.allow_login(%L); where it is not: select postern.disallow_login(%L);', a.db_role, a.db_role) end as fix
    from postern_internal.allowed_login as a
   cross join pg_control_system() as c
    left join pg_roles as r on r.rolname = a.db_role
   where a.system_identifier <> c.system_identifier;
comment on view postern_internal.moved_login is 'Check of postern.doctor: allowed logins that were allowed in another cluster, and count here by name alone.';
