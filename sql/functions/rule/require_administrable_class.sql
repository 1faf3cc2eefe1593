create or replace function postern_internal.require_administrable_class(class_id bigint)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from postern_internal.authority_class as c where c.class_id = require_administrable_class.class_id and c.built_in) then
    raise exception using
      errcode = 'PS301',
      message = 'The class MAX cannot be changed',
      detail = 'It allows everything, in every company and internal ledger.',
      hint = 'Create another class with the rules that you want.';
  end if;
end
$$;
revoke execute on function postern_internal.require_administrable_class(bigint) from public;
comment on function postern_internal.require_administrable_class(bigint) is 'Errors: PS301 the class is built in.';
