-- PL/pgSQL, which keeps the plan for all calls of a session. Planning takes longer than the rest of a call.

create or replace function postern_internal.event_function_version(callee regprocedure)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select concat_ws(' ', p.oid, p.xmin, n.xmin, runner.oid, runner.xmin)
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
      join pg_proc as runner on runner.oid = to_regprocedure('postern_internal.run_event_function(text, jsonb)')
                            and runner.proowner = 'postern_event_function'::regrole
                            and runner.prosecdef
     where p.oid = callee);
end
$$;
revoke execute on function postern_internal.event_function_version(regprocedure) from public;
comment on function postern_internal.event_function_version(regprocedure) is
'A text that differs after each change of a function, of its schema, and of postern_internal.run_event_function. NULL if one of them is missing, or if run_event_function no longer takes the rights away.';
