create or replace view postern_internal.server_version as
  select 'error' as level, 'server_version' as code, 'server' as object,
         'The server has published holes in row security' as title,
         format('PostgreSQL %s has: %s.', current_setting('server_version'),
                string_agg(h.cve || ' (' || h.problem || ')', '; ' order by h.cve)) as detail,
         format('Install PostgreSQL %s or a later minor release, and restart.', (array_agg(h.fixed_in order by string_to_array(h.fixed_in, '.')::integer[] desc))[1]) as fix
    from postern.row_security_holes(current_setting('server_version_num')::integer) as h
  having count(*) > 0;
comment on view postern_internal.server_version is 'Check of postern.doctor: holes of this minor release that postern.row_security_holes lists.';
