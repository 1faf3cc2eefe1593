create or replace view postern_internal.server_version as
  select f.level, 'server_version' as code, f.object, f.title, f.detail, f.fix
    from postern.server_finding(current_setting('server_version_num')::integer) as f;
comment on view postern_internal.server_version is 'Check of postern.doctor: holes of this minor release, as listed by postern.row_security_holes.';
