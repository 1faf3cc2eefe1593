-- Times are written with or without a unit; without one they are milliseconds. Checking a PIN takes 50 ms on purpose.
--
-- auto_explain prints bound values in two ways. On every version log_verbose shows what each step of a plan computes.
-- Since version 16, log_parameter_max_length prints parameters, with -1 (all) as its default. It also prints the
-- statement.

create or replace view postern_internal.statement_logging as
  with
  read as (
    select s.rolname, s.alter, s.settings,
           s.settings ->> 'log_parameter_max_length' !~ '^\s*0+\s*[a-z]*$' as shows_values,
           -- Loaded for the reader, and thus for everybody; or for those for whom it is set.
           exists (select from pg_settings as g where g.name = 'auto_explain.log_min_duration')
             or concat_ws(',', s.settings ->> 'shared_preload_libraries', s.settings ->> 'session_preload_libraries',
                          s.settings ->> 'local_preload_libraries') ~ E'\\mauto_explain\\M' as has_auto_explain,
           coalesce(s.settings ->> 'auto_explain.log_verbose' in ('on', 'true', 'yes', '1'), false) as is_verbose,
           coalesce(s.settings ->> 'auto_explain.log_parameter_max_length',
                    case when current_setting('server_version_num')::integer >= 160000 then '-1' else '0' end) !~ '^\s*0+\s*[a-z]*$' as explains_parameters,
           d.statement, d.sample, d.explain
      from postern_internal.application_setting as s
     cross join lateral (
       select max(t.kind) filter (where t.name = 'log_min_duration_statement') as statement,
              max(t.kind) filter (where t.name = 'log_min_duration_sample' and s.settings ->> 'log_statement_sample_rate' ~ '[1-9]') as sample,
              max(t.kind) filter (where t.name = 'auto_explain.log_min_duration') as explain
         from (select v.key as name,
                      case when v.value ~ '^\s*-' then 'off'
                           when v.value ~ '^\s*0+\s*[a-z]*$' or v.value ~ '^\s*\d{1,2}\s*(ms)?$' or v.value ~ 'us$' then 'all'
                           else 'slow' end as kind
                 from jsonb_each_text(s.settings) as v) as t
     ) as d
  ),
  judged as (
    select r.*,
           r.settings ->> 'log_statement' = 'all' or r.statement = 'all' or r.sample = 'all' or r.settings ->> 'log_transaction_sample_rate' ~ '[1-9]' as logs_all,
           r.statement = 'slow' or r.sample = 'slow' as logs_slow,
           r.settings ->> 'debug_print_plan' in ('on', 'true', 'yes', '1') as prints_plans,
           r.settings ->> 'debug_print_parse' in ('on', 'true', 'yes', '1') as prints_parse,
           r.settings ->> 'debug_print_rewritten' in ('on', 'true', 'yes', '1') as prints_rewritten,
           e.explains and r.explain = 'all' as explains_all,
           e.explains and (r.is_verbose or r.explains_parameters) as explains_values,
           coalesce(r.settings ->> 'pg_stat_monitor.pgsm_normalized_query' in ('off', 'false', 'no', '0'), false) as monitors_values,
           coalesce(r.settings ->> 'pgaudit.log_parameter' in ('on', 'true', 'yes', '1') and r.settings ->> 'pgaudit.log' !~ '^\s*(none)?\s*$', false) as audits_values
      from read as r
     cross join lateral (
       select coalesce(r.has_auto_explain and r.explain <> 'off' and coalesce(r.settings ->> 'auto_explain.sample_rate', '1') ~ '[1-9]', false) as explains
     ) as e
  )
  select case when j.logs_all and j.shows_values or j.prints_plans or j.explains_all and j.explains_values or j.audits_values or j.monitors_values
              then 'error' else 'warn' end as level,
         'statement_logging' as code,
         coalesce('role ' || quote_ident(j.rolname), 'database ' || quote_ident(current_database())) as object,
         case when not (j.logs_all or j.logs_slow) and not j.prints_plans and not j.prints_parse and not j.prints_rewritten and not j.explains_all and not j.explains_values and not j.audits_values
              then 'A view shows PINs'
              when not ((j.logs_all or j.logs_slow) and j.shows_values) and not j.prints_plans and not j.explains_values and not j.audits_values
              then 'The server log gets PINs that are not bound' else 'The server log gets PINs' end as title,
         format('%s. Set: %s.',
                concat_ws('; ',
                  case when j.logs_all and j.shows_values then 'It gets statements with their bound values' end,
                  case when j.logs_slow and not j.logs_all and j.shows_values then 'It gets slow statements with their bound values, and an authentication that has to wait is slow' end,
                  case when j.logs_all and not j.shows_values then 'It gets statements as they were sent' end,
                  case when j.prints_plans then 'It gets plans, and values in them' end,
                  case when (j.prints_parse or j.prints_rewritten) and not j.prints_plans then 'It gets statements as they were parsed' end,
                  case when j.explains_values then 'auto_explain writes bound values' end,
                  case when j.explains_all and not j.explains_values then 'auto_explain writes statements as they were sent' end,
                  case when j.monitors_values then 'pg_stat_monitor keeps bound values' end,
                  case when j.audits_values then 'pgaudit writes bound values' end),
                (select string_agg(v.key || ' = ' || v.value, ', ' order by v.key) from jsonb_each_text(j.settings) as v
                  where v.key not in ('log_parameter_max_length_on_error')
                    and (v.key !~ '^log_min_|^auto_explain.log_min_' or v.value !~ '^\s*-')
                    and (v.key !~ '_preload_libraries$' or v.value ~ E'\\mauto_explain\\M')
                    and (v.key !~ '^debug_print_' or v.value in ('on', 'true', 'yes', '1')))) as detail,
         concat_ws(' ',
           case when (j.logs_all or j.logs_slow) and j.shows_values then j.alter || ' set log_parameter_max_length = 0;' end,
           case when j.settings ->> 'log_statement' = 'all' then j.alter || ' set log_statement = ''ddl'';' end,
           case when j.statement = 'all' then j.alter || ' set log_min_duration_statement = ''1s'';' end,
           case when j.sample = 'all' then j.alter || ' set log_min_duration_sample = -1;' end,
           case when j.settings ->> 'log_transaction_sample_rate' ~ '[1-9]' then j.alter || ' set log_transaction_sample_rate = 0;' end,
           case when j.prints_plans then j.alter || ' set debug_print_plan = off;' end,
           case when j.prints_parse then j.alter || ' set debug_print_parse = off;' end,
           case when j.prints_rewritten then j.alter || ' set debug_print_rewritten = off;' end,
           case when j.explains_values and j.is_verbose then j.alter || ' set auto_explain.log_verbose = off;' end,
           case when j.explains_values and j.explains_parameters then j.alter || ' set auto_explain.log_parameter_max_length = 0;' end,
           case when j.explains_all then j.alter || ' set auto_explain.log_min_duration = ''1s'';' end,
           case when j.monitors_values then j.alter || ' set pg_stat_monitor.pgsm_normalized_query = on;' end,
           case when j.audits_values then j.alter || ' set pgaudit.log_parameter = off;' end) as fix
    from judged as j
   where j.logs_all or j.logs_slow and j.shows_values or j.prints_plans or j.prints_parse or j.prints_rewritten
      or j.explains_all or j.explains_values or j.audits_values or j.monitors_values;
comment on view postern_internal.statement_logging is 'Check of postern.doctor: settings that send PINs to the server log, or to a view.';
