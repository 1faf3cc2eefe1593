-- Each setting is found where it was set, for the logins it applies to. What the server's files say applies to all.

create or replace view postern_internal.session_setting as
  with
  risks (name, is_risk, level, title, problem, default_value) as (
    values ('session_replication_role', '^replica$', 'error', 'No trigger runs',
            'neither those that keep the log as it is nor those that refuse TRUNCATE, and no foreign key is checked', 'origin'),
           ('row_security', '^(off|false|no|0)$', 'warn', 'Protected tables cannot be read',
            'each query of a protected table fails instead of showing the rows of the user''s companies', 'on'),
           ('exit_on_error', '^(on|true|yes|1)$', 'warn', 'Each error ends the connection',
            'even the one that asks for a PIN; and the end of a connection can reveal what an error message may not', 'off'),
           ('standard_conforming_strings', '^(off|false|no|0)$', 'warn', 'A backslash has a meaning in strings',
            'whoever quotes a value by the standard lets it end its string, and what follows is executed', 'on')
  ),
  entries as (
    select s.setrole, s.setdatabase, lower(split_part(c.assignment, '=', 1)) as name, substr(c.assignment, strpos(c.assignment, '=') + 1) as value
      from pg_db_role_setting as s
     cross join lateral unnest(s.setconfig) as c (assignment)
     where s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))
  ),
  found as (
    select e.setrole, e.setdatabase, e.name, e.value, r.level, r.title, r.problem
      from entries as e
      join risks as r on r.name = e.name
     where lower(e.value) ~ r.is_risk
     union all
    select e.setrole, e.setdatabase, e.name, e.value, 'warn' as level, 'A setting of Postern''s is set for whole connections' as title,
           'Postern sets it for one transaction, and takes a value that it did not set for a forged session' as problem
      from entries as e
     where e.name like 'postern.%'
  )
  select f.level, 'session_setting' as code,
         case when f.setrole = 0 and f.setdatabase = 0 then 'all roles'
              when f.setrole = 0 then 'database ' || quote_ident(current_database())
              when f.setdatabase = 0 then 'role ' || quote_ident(r.rolname)
              else format('role %I in database %I', r.rolname, current_database()) end as object,
         f.title,
         format('%s = %s: %s.', f.name, f.value, f.problem) as detail,
         case when f.setrole = 0 and f.setdatabase <> 0 then format('alter database %I', current_database())
              else 'alter role ' || case when f.setrole = 0 then 'all' else quote_ident(r.rolname) end
                   || case when f.setdatabase <> 0 then format(' in database %I', current_database()) else '' end end
         || format(' reset %s;', (select string_agg(quote_ident(part), '.') from string_to_table(f.name, '.') as part)) as fix
    from found as f
    left join pg_roles as r on r.oid = f.setrole
   where f.setrole = 0
      -- Nobody may write here without triggers; the other settings matter only for logins that work with Postern.
      or r.rolcanlogin and (f.name = 'session_replication_role' or exists (select from postern_internal.working_login as l where l.oid = r.oid))
   union all
  select k.level, 'session_setting', 'database ' || quote_ident(current_database()), k.title,
         format('%s = %s for the whole server: %s.', k.name, g.reset_val, k.problem),
         format('alter database %I set %I = %L;', current_database(), k.name, k.default_value)
    from risks as k
    join pg_settings as g on g.name = k.name
   -- What the reader's own connection requests says nothing about others.
   where g.source not in ('client', 'user', 'database user', 'database') and lower(g.reset_val) ~ k.is_risk
     and not exists (select from entries as e where e.name = k.name and e.setrole = 0);
comment on view postern_internal.session_setting is 'Check of postern.doctor: settings of logins, of this database, of logins in it and of the server that disable what Postern relies on.';
