create or replace view postern_internal.all_data_role as
  select distinct case when a.oid is null then 'warn' else 'error' end as level, 'all_data_role' as code, 'role ' || quote_ident(r.rolname) as object,
         'A login role reads or writes everything' as title,
         format('It is a member of %s%s: %s.', p.rolname, case when m.last_member <> r.oid then ', by ' || quote_ident(v.rolname) else '' end,
                case p.rolname when 'pg_read_all_data' then 'it reads the keys of sessions and of PINs, and can speak for every user'
                               when 'pg_write_all_data' then 'it writes users, gates and settings without Postern''s checks'
                               else 'it can use the files and programs of the server, and thus everything' end) as detail,
         format('revoke %I from %I;', p.rolname, v.rolname) as fix
    from pg_roles as r
    join postern_internal.role_membership as m on m.member = r.oid
    join pg_roles as p on p.oid = m.roleid
    join pg_roles as v on v.oid = m.last_member
    left join postern_internal.application_login as a on a.oid = r.oid
   where r.rolcanlogin and not r.rolsuper
     and p.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program');
comment on view postern_internal.all_data_role is 'Check of postern.doctor: login roles that are members of a predefined role with access to all tables, or to the server''s files.';
