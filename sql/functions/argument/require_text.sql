-- One place for the checks of a text argument: it is present, not blank, and no longer than anybody could need. Called
-- only by functions that pin their search_path.

create or replace function postern_internal.require_text(
  value text,
  argument text,
  maximum integer
)
returns void
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if value is null or btrim(value) = '' then
    raise exception using
      errcode = 'PS107',
      message = format('%s is missing', argument),
      detail = format('%s is %s.', argument, case when value is null then 'NULL' else 'blank' end),
      hint = format('Pass a %s of 1 to %s characters.', argument, maximum);
  end if;
  if length(value) > maximum then
    raise exception using
      errcode = 'PS107',
      message = format('%s is too long', argument),
      detail = format('%s has %s characters; %s are allowed.', argument, length(value), maximum),
      hint = format('Pass a %s of 1 to %s characters.', argument, maximum);
  end if;
end
$$;
revoke execute on function postern_internal.require_text(text, text, integer) from public;
comment on function postern_internal.require_text(text, text, integer) is
'Raises PS107 unless value is a text of 1 to maximum characters that is not blank. argument: its name in the error.';
