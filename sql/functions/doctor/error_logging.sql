create or replace view postern_internal.error_logging as
  select 'error' as level, 'error_logging' as code,
         coalesce('role ' || quote_ident(s.rolname), 'database ' || quote_ident(current_database())) as object,
         'The server log gets the PINs of statements that fail' as title,
         format('log_parameter_max_length_on_error is %s: a failing statement is logged with its bound values.', s.settings ->> 'log_parameter_max_length_on_error') as detail,
         s.alter || ' set log_parameter_max_length_on_error = 0;' as fix
    from postern_internal.application_setting as s
   where s.settings ->> 'log_parameter_max_length_on_error' !~ '^\s*0+\s*[a-z]*$';
comment on view postern_internal.error_logging is 'Check of postern.doctor: log_parameter_max_length_on_error, which sends PINs to the server log.';
