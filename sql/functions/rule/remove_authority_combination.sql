create or replace function postern.remove_authority_combination(id bigint)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  select c.class_id into class_id from postern_internal.authority_combination as c where c.rule_id = id;
  if class_id is not null then
    perform postern_internal.require_administrable_class(class_id);
    perform postern_internal.begin_class_change(class_id);
    delete from postern_internal.authority_combination as c where c.rule_id = id;
  end if;
  if class_id is null or not found then
    raise exception using
      errcode = 'PS301',
      message = 'There is no such authority combination',
      detail = format('id is %s.', coalesce(id::text, 'NULL')),
      hint = 'Choose one of the rules in postern.authority_combination.';
  end if;
  perform postern_internal.compile_class(class_id);
end
$$;
revoke execute on function postern.remove_authority_combination(bigint) from public;
grant execute on function postern.remove_authority_combination(bigint) to postern_admin;
comment on function postern.remove_authority_combination(bigint) is
'Removes a rule of a class, of a company or of an internal ledger. id: from postern.authority_combination. Errors: PS301 no such rule, or one of MAX.';
