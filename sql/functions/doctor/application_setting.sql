-- The settings in effect when the application logs in: set for the role in this database, for the role, for this
-- database, for all roles, for the server. The server's configuration files are visible only if nothing overrides them
-- in the reader's own session; otherwise PostgreSQL's default is assumed. A setting of a module that only other
-- sessions load is text without a meaning to the reader's session, and pg_settings omits it.
--
-- Administrators count too, because PINs that they reset take the same path.

create or replace view postern_internal.application_setting as
  with
  names (name) as (
    values ('log_statement'), ('log_min_duration_statement'), ('log_min_duration_sample'), ('log_statement_sample_rate'),
           ('log_transaction_sample_rate'), ('log_parameter_max_length'), ('log_parameter_max_length_on_error'),
           ('debug_print_parse'), ('debug_print_rewritten'), ('debug_print_plan'),
           ('shared_preload_libraries'), ('session_preload_libraries'), ('local_preload_libraries'),
           ('auto_explain.log_min_duration'), ('auto_explain.sample_rate'), ('auto_explain.log_verbose'), ('auto_explain.log_parameter_max_length'),
           ('pgaudit.log'), ('pgaudit.log_parameter'), ('pg_stat_monitor.pgsm_normalized_query')
  ),
  set_for as (
    select s.setrole as role, s.setdatabase as database, split_part(c.assignment, '=', 1) as name, substr(c.assignment, strpos(c.assignment, '=') + 1) as value
      from pg_db_role_setting as s
     cross join lateral unnest(s.setconfig) as c (assignment)
     where s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))
  ),
  scopes (role, rolname) as (
    select 0::oid, null::name
     union
    select l.oid, l.rolname
      from postern_internal.working_login as l
     where exists (select from set_for as s join names as n on n.name = s.name where s.role = l.oid)
  )
  select o.rolname,
         case when o.rolname is null then format('alter database %I', current_database())
              else format('alter role %I in database %I', o.rolname, current_database()) end as alter,
         jsonb_object_agg(v.name, lower(v.value)) as settings
    from scopes as o
   cross join lateral (
     select n.name,
            coalesce(
              (select s.value from set_for as s
                where s.name = n.name and s.role in (0, o.role)
                order by s.role desc, s.database desc
                limit 1),
              (select case when g.source in ('client', 'user', 'database user') then g.boot_val else g.reset_val end from pg_settings as g where g.name = n.name),
              case when n.name like '%.%' then nullif(current_setting(n.name, true), '') end) as value
       from names as n
   ) as v
   where v.value is not null
   group by o.role, o.rolname;
comment on view postern_internal.application_setting is 'For postern.doctor: the settings that decide what reaches the server''s log, for this database (rolname NULL) and for each role that works with Postern and has its own settings. alter: the beginning of a statement that changes them.';
