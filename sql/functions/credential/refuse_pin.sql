create or replace function postern_internal.refuse_pin(reason text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  minimum integer := postern_internal.setting_integer('pin_min_length');
begin
  raise exception using
    errcode = 'PS109',
    message = 'The new PIN is not acceptable',
    detail = jsonb_build_object(
      'reason', reason,
      'explanation', case reason
                       when 'missing' then 'It is NULL.'
                       when 'too_long' then 'It has more than 128 characters.'
                       when 'too_short' then format('It has fewer than %s characters.', minimum)
                       when 'repetition' then 'It repeats one part, like 111111 and 121212.'
                       when 'run' then 'It is a run, like 123456 and 654321.'
                       when 'date' then 'It is a date, and dates are guessed first.'
                       when 'user_name' then 'It is the user name.'
                       when 'common' then 'It is one of the most common PINs.'
                       when 'old' then 'It is the old PIN.'
                     end,
      'minimum_length', minimum)::text,
    hint = format('Choose at least %s characters that are no repetition, no run, no date, no common PIN, and not the old PIN.', minimum);
end
$$;
revoke execute on function postern_internal.refuse_pin(text) from public;
comment on function postern_internal.refuse_pin(text) is 'Raises PS109. reason: a word of pin_weakness, or old. Errors: PS109.';
