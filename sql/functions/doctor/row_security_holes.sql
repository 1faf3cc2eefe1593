-- From the advisories of the PostgreSQL project. A major version that is not listed for a hole never had it.

create or replace function postern.row_security_holes(server_version integer)
returns table (cve text, fixed_in text, problem text)
language sql
immutable
parallel safe
begin atomic
  select h.cve, format('%s.%s', h.fixed / 10000, h.fixed % 10000), h.problem
    from (values
      ('CVE-2023-2454',  150003, 'CREATE SCHEMA gets around a pinned search_path'),
      ('CVE-2023-2455',  150003, 'an inlined function keeps the row security of another role'),
      ('CVE-2023-39418', 150004, 'MERGE passes row security policies for UPDATE and SELECT'),
      ('CVE-2024-10976', 150009, 'a plan made for one role shows rows to another one'),
      ('CVE-2024-10976', 160005, 'a plan made for one role shows rows to another one'),
      ('CVE-2024-10976', 170001, 'a plan made for one role shows rows to another one'),
      ('CVE-2024-10978', 150009, 'SET ROLE goes back to the wrong role'),
      ('CVE-2024-10978', 160005, 'SET ROLE goes back to the wrong role'),
      ('CVE-2024-10978', 170001, 'SET ROLE goes back to the wrong role'),
      ('CVE-2025-8713',  150014, 'statistics of a table tell values that row security hides'),
      ('CVE-2025-8713',  160010, 'statistics of a table tell values that row security hides'),
      ('CVE-2025-8713',  170006, 'statistics of a table tell values that row security hides'),
      ('CVE-2026-14666', 150019, 'a cached plan outlives the change of a role that its row security depends on'),
      ('CVE-2026-14666', 160015, 'a cached plan outlives the change of a role that its row security depends on'),
      ('CVE-2026-14666', 170011, 'a cached plan outlives the change of a role that its row security depends on'),
      ('CVE-2026-14666', 180006, 'a cached plan outlives the change of a role that its row security depends on'),
      ('CVE-2026-120154', 150020, 'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'),
      ('CVE-2026-120154', 160016, 'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'),
      ('CVE-2026-120154', 170012, 'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'),
      ('CVE-2026-120154', 180007, 'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides')
    ) as h (cve, fixed, problem)
   where h.fixed / 10000 = server_version / 10000 and h.fixed > server_version;
end;
revoke execute on function postern.row_security_holes(integer) from public;
grant execute on function postern.row_security_holes(integer) to postern_admin, postern_auditor;
comment on function postern.row_security_holes(integer) is
'The published holes of a server in row security, and in what Postern builds on. server_version: server_version_num, as 150018. No rows for NULL and for unknown versions.';
