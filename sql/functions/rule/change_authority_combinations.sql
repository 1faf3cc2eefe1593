-- Changing rules one at a time would compile the class's map once per rule. This changes all of them, and compiles the
-- map once.

create or replace function postern.change_authority_combinations(
  company text,
  ledger_id text,
  class text,
  added jsonb,
  removed bigint[] default '{}'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed_class_id bigint;
  rule record;
  inserted bigint;
  deleted bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if ledger_id is null then
    perform postern_internal.require_company(company);
  else
    perform postern_internal.require_ledger(company, ledger_id);
  end if;
  changed_class_id := postern_internal.require_class(company, ledger_id, class);
  perform postern_internal.require_administrable_class(changed_class_id);
  if jsonb_typeof(added) is distinct from 'array' or removed is null then
    raise exception using
      errcode = 'PS301',
      message = 'The change of the class is not usable',
      detail = format('added is %s, removed is %s.', coalesce('of type ' || jsonb_typeof(added), 'NULL'),
                      case when removed is null then 'NULL' else 'there' end),
      hint = 'Pass in added an array of objects with allowed (true or false) and patterns (an array of ten texts), in removed ids of rules; either may be empty.';
  end if;
  for rule in
    select r.value -> 'allowed' as allowed,
           case when jsonb_typeof(r.value -> 'patterns') = 'array'
                then array(select jsonb_array_elements_text(r.value -> 'patterns')) end as patterns
      from jsonb_array_elements(added) as r
  loop
    if jsonb_typeof(rule.allowed) is distinct from 'boolean' or cardinality(rule.patterns) is distinct from 10 then
      raise exception using
        errcode = 'PS301',
        message = 'A rule of the class is not usable',
        detail = format('allowed is %s; there are %s patterns.', coalesce(left(rule.allowed::text, 128), 'NULL'), coalesce(cardinality(rule.patterns), 0)),
        hint = 'Pass allowed, true or false, and ten patterns, for the code parts A to J.';
    end if;
    perform postern_internal.require_patterns(rule.patterns);
  end loop;

  perform postern_internal.begin_class_change(changed_class_id);
  delete from postern_internal.authority_combination as c
   where c.class_id = changed_class_id and c.rule_id = any (removed);
  get diagnostics deleted = row_count;
  insert into postern_internal.authority_combination as c (class_id, allowed, patterns)
  select changed_class_id, (r.value ->> 'allowed')::boolean, array(select jsonb_array_elements_text(r.value -> 'patterns'))
    from jsonb_array_elements(added) as r
  on conflict do nothing;
  get diagnostics inserted = row_count;
  if inserted > 0 or deleted > 0 then
    perform postern_internal.compile_class(changed_class_id);
  end if;
end
$$;
revoke execute on function postern.change_authority_combinations(text, text, text, jsonb, bigint[]) from public;
grant execute on function postern.change_authority_combinations(text, text, text, jsonb, bigint[]) to postern_admin;
comment on function postern.change_authority_combinations(text, text, text, jsonb, bigint[]) is
'Adds and removes many rules of one class, of a company or of an internal ledger (ledger_id not NULL), at the cost of one. added: an array of objects {"allowed": true, "patterns": [ten patterns, see add_authority_combination]}; existing rules are skipped. removed: ids of rules of this class; other ids are skipped. Errors: PS201 no such company, PS301 no such ledger or class, MAX, or a rule that is not usable; then nothing is changed.';
