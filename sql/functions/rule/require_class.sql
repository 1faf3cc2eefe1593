create or replace function postern_internal.require_class(
  company text,
  ledger_id text,
  class text
)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  class_id bigint;
begin
  select c.class_id
    into class_id
    from postern_internal.authority_class as c
   where c.company = require_class.company
     and c.ledger_id is not distinct from require_class.ledger_id
     and c.class = require_class.class;
  if class_id is null then
    raise exception using
      errcode = 'PS301',
      message = format('There is no such authority class in the %s', case when ledger_id is null then 'company' else 'internal ledger' end),
      detail = concat_ws(', ', format('company is %s', to_jsonb(company)), 'ledger_id is ' || to_jsonb(ledger_id)::text,
                         format('class is %s.', coalesce(to_jsonb(left(class, 128))::text, 'NULL'))),
      hint = format('Choose one of the classes in postern.authority_class; postern.%s adds one.',
                    case when ledger_id is null then 'create_authority_class' else 'create_ledger_class' end);
  end if;
  return class_id;
end
$$;
revoke execute on function postern_internal.require_class(text, text, text) from public;
comment on function postern_internal.require_class(text, text, text) is 'The id of a class of a company, or of an internal ledger if ledger_id is not NULL. Errors: PS301 no such class.';
