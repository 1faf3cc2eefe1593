-- name: HideParameters :one
-- Keeps values that are bound in this transaction, or on this connection, out of the server's log, if this role may
-- change what is logged. Returns whether they stay out: false if the server logs all statements with their values, or
-- those that take longer than some time below one second, and this role cannot prevent it.
select (case when has_parameter_privilege('log_parameter_max_length', 'SET')
             then set_config('log_parameter_max_length', '0', not @on_connection::boolean)
             else current_setting('log_parameter_max_length') end = '0'
        or current_setting('log_statement') <> 'all'
       and current_setting('log_min_duration_statement') !~ '^(0|[0-9]{1,3}ms)$'
       and current_setting('log_min_duration_sample') !~ '^(0|[0-9]{1,3}ms)$')::boolean as are_hidden;
