-- PL/pgSQL analyses a statement once in a session, and converts its constants then: '01/02/2026'::date keeps the day
-- that it had under the DateStyle of that call. RESET ALL does not change that, and DISCARD PLANS makes a call take
-- three times as long. So a session ends if these settings differ after a call.

create or replace function postern_internal.event_session_settings()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return concat_ws(';',
    current_setting('datestyle'), current_setting('intervalstyle'), current_setting('timezone'), current_setting('timezone_abbreviations'),
    current_setting('standard_conforming_strings'), current_setting('transform_null_equals'), current_setting('array_nulls'),
    current_setting('bytea_output'), current_setting('extra_float_digits'), current_setting('quote_all_identifiers'),
    current_setting('lc_monetary'), current_setting('xmlbinary'), current_setting('xmloption'), current_setting('session_replication_role'),
    current_setting('plpgsql.variable_conflict'), current_setting('plpgsql.extra_errors'));
end
$$;
revoke execute on function postern_internal.event_session_settings() from public;
comment on function postern_internal.event_session_settings() is
'The current values of the settings that decide what the text of a statement means, for comparison. They take effect when a session first analyses the statement.';
