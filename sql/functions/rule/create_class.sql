create or replace function postern_internal.create_class(
  company text,
  ledger_id text,
  class text,
  built_in boolean
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  class_id bigint;
begin
  insert into postern_internal.authority_class as c (company, ledger_id, class, built_in)
  values (company, ledger_id, class, built_in)
  on conflict do nothing
  returning c.class_id into class_id;
  if class_id is null then
    raise exception using
      errcode = 'PS301',
      message = 'The authority class already exists',
      detail = concat_ws(', ', format('company is %s', to_jsonb(company)), 'ledger_id is ' || to_jsonb(ledger_id)::text, format('class is %s.', to_jsonb(class))),
      hint = 'Choose a name that is not in postern.authority_class. MAX, which allows everything, always exists.';
  end if;
  if built_in then
    insert into postern_internal.authority_combination (class_id, allowed, patterns)
    values (class_id, true, array_fill('%'::text, array[10]));
  end if;
  perform postern_internal.compile_class(class_id);
  return class_id;
end
$$;
revoke execute on function postern_internal.create_class(text, text, text, boolean) from public;
comment on function postern_internal.create_class(text, text, text, boolean) is 'Adds an authority class to a company, or to an internal ledger of it. built_in: one that allows everything. Errors: PS301 class exists.';
