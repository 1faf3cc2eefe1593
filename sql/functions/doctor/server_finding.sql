-- A function of the version, so that a test can ask about any server instead of only the one it runs on.

create or replace function postern.server_finding(version integer)
returns table (level text, object text, title text, detail text, fix text)
language sql
immutable
parallel safe
begin atomic
  select 'error' as level, 'server' as object, 'The server has published holes in row security' as title,
         format('PostgreSQL %s.%s has: %s.', version / 10000, version % 10000, string_agg(h.cve || ' (' || h.problem || ')', '; ' order by h.cve)) as detail,
         format('Install PostgreSQL %s or a later minor release, and restart.', (array_agg(h.fixed_in order by string_to_array(h.fixed_in, '.')::integer[] desc))[1]) as fix
    from postern.row_security_holes(version) as h
  having count(*) > 0;
end;
revoke execute on function postern.server_finding(integer) from public;
grant execute on function postern.server_finding(integer) to postern_admin, postern_auditor;
comment on function postern.server_finding(integer) is
'What postern.doctor would find for a server of this version. version: server_version_num, as 150018. No row for a version without a published hole.';
