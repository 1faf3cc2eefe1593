-- A misspelled key or an unknown company would make a preview say that nobody gains. So whatever is not understood is
-- an error.

create or replace function postern_internal.check_changes(changes jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  problem record;
  rule record;
begin
  if jsonb_typeof(changes) is distinct from 'object' then
    raise exception using
      errcode = 'PS107',
      message = 'The changes are not usable',
      detail = format('changes is %s.', coalesce('of type ' || jsonb_typeof(changes), 'NULL')),
      hint = 'Pass one JSON object with lists of changed objects, such as {"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_a": "3%"}]}.';
  end if;
  with known (list, keys, others) as (
    values
      ('settings', array['name', 'value'], '{}'::text[]),
      ('gates', '{gate_id}', '{active,exclusive,schemes,parameters,bound_parameters,description,message,administered}'),
      ('actions', '{action}', '{checkpoint,legacy_checkpoints,remove}'),
      ('users', '{userid}', '{active,db_role,description,default_company}'),
      ('companies', '{company}', '{row_level_security,name}'),
      ('ledgers', '{company,ledger_id}', '{}'),
      ('classes', '{company,class}', '{ledger_id}'),
      ('company_users', '{company,userid}', '{class,remove}'),
      ('ledger_users', '{company,ledger_id,userid}', '{class,remove}'),
      ('rules', '{company,class,allowed}', '{ledger_id,code_a,code_b,code_c,code_d,code_e,code_f,code_g,code_h,code_i,code_j,remove}'),
      ('protected_tables', '{schema_name,table_name}', '{protection,company_column,combination_column,ledger_column,remove}'),
      ('guards', '{schema_name,table_name,gate_id}', '{operations,columns,parameters,condition,exclusive,remove}')
  ), list as (
    select l.key as list, l.value, k.keys, k.others
      from jsonb_each(changes) as l
      left join known as k on k.list = l.key
  ), item as (
    select l.list, i.place, i.value, l.keys, l.others
      from list as l
     cross join lateral jsonb_array_elements(case when jsonb_typeof(l.value) = 'array' then l.value else '[]' end) with ordinality as i (value, place)
     where l.keys is not null
  ), pair as (
    select i.list, i.place, i.keys, i.others, p.key, p.value
      from item as i
     cross join lateral jsonb_each(case when jsonb_typeof(i.value) = 'object' then i.value else '{}' end) as p
  ), fault as (
    select l.list, 0 as place,
           case when l.keys is null then format('There is no list of this name; there are %s', (select string_agg(k.list, ', ') from known as k))
                else 'It is not an array' end as reason
      from list as l
     where l.keys is null or jsonb_typeof(l.value) <> 'array'
     union all
    select i.list, i.place, case when jsonb_typeof(i.value) <> 'object' then 'It is not an object' else format('It has no %s', m.key) end
      from item as i
     cross join lateral unnest(i.keys) as m (key)
     where jsonb_typeof(i.value) <> 'object' or coalesce(i.value -> m.key, 'null') = 'null'
     union all
    select p.list, p.place, format('It has the key %s; there are %s', to_jsonb(left(p.key, 128)), array_to_string(p.keys || p.others, ', '))
      from pair as p
     where p.key <> all (p.keys || p.others)
     union all
    select p.list, p.place, format('%s is of type %s; it has to be of type %s', p.key, jsonb_typeof(p.value), t.type)
      from pair as p
     cross join lateral (select case when p.key in ('active', 'exclusive', 'row_level_security', 'allowed', 'remove') then 'boolean'
                                     when p.key in ('parameters', 'bound_parameters', 'administered', 'legacy_checkpoints', 'operations', 'columns', 'schemes')
                                       then case when p.list = 'guards' and p.key = 'parameters' then 'object' else 'array' end
                                     else 'string' end as type) as t
     where p.key = any (p.keys || p.others)
       and jsonb_typeof(p.value) not in (t.type, 'null')
  )
  select f.list, f.place, f.reason into problem from fault as f order by f.list collate "C", f.place, f.reason collate "C" limit 1;
  if found then
    raise exception using
      errcode = 'PS107',
      message = 'The changes are not usable',
      detail = format('%s%s: %s.', to_jsonb(left(problem.list, 128)), case when problem.place > 0 then format('[%s]', problem.place - 1) else '' end, problem.reason),
      hint = 'Use the lists and keys that the page on configuration files names under "Who would gain".';
  end if;

  -- What the changes refer to exists, or is among them.
  with new_user as (
    select postern_internal.fold_userid(u ->> 'userid') as folded from jsonb_array_elements(changes -> 'users') as u
  ), company as (
    select c.company from postern_internal.company as c
     union
    select c ->> 'company' from jsonb_array_elements(changes -> 'companies') as c
  ), ledger as (
    select l.company, l.ledger_id from postern_internal.ledger as l
     union
    select l ->> 'company', l ->> 'ledger_id' from jsonb_array_elements(changes -> 'ledgers') as l
  ), class as (
    select c.company, coalesce(c.ledger_id, '') as ledger_id, c.class from postern_internal.authority_class as c
     union
    select c ->> 'company', coalesce(c ->> 'ledger_id', ''), c ->> 'class' from jsonb_array_elements(changes -> 'classes') as c
     union
    select c.company, '', 'MAX' from company as c
     union
    select l.company, l.ledger_id, 'MAX' from ledger as l
  ), gate as (
    select g.gate_id from postern_internal.gate as g
     union
    select g ->> 'gate_id' from jsonb_array_elements(changes -> 'gates') as g
  ), reference as (
    select l.list, l.place, i.value ->> 'userid' as userid, i.value ->> 'company' as company, i.value ->> 'ledger_id' as ledger_id, i.value ->> 'class' as class
      from (values ('ledgers', 1), ('classes', 2), ('company_users', 3), ('ledger_users', 4), ('rules', 5)) as l (list, place)
     cross join lateral jsonb_array_elements(changes -> l.list) as i (value)
  )
  select 'PS107' as code, 'setting' as kind, format('name is %s.', s -> 'name') as detail, 'postern.setting' as source into problem
    from jsonb_array_elements(changes -> 'settings') as s
   where not exists (select from postern_internal.setting as k where k.name = s ->> 'name')
   union all
  select 'PS106', 'gate', format('gate_id is %s.', to_jsonb(r.gate_id)), 'postern.gate'
    from (select g ->> 'gate_id' as gate_id from jsonb_array_elements(changes -> 'guards') as g
           union all
          select a ->> 'checkpoint' from jsonb_array_elements(changes -> 'actions') as a
           union all
          select c from jsonb_array_elements(changes -> 'actions') as a
           cross join lateral jsonb_array_elements_text(nullif(a -> 'legacy_checkpoints', 'null')) as c) as r
   where r.gate_id is not null and not exists (select from gate as g where g.gate_id = r.gate_id)
   union all
  select 'PS201', 'company', format('company is %s.', to_jsonb(r.company)), 'postern.company'
    from reference as r
   where not exists (select from company as c where c.company = r.company)
   union all
  select 'PS301', 'internal ledger', format('company is %s, ledger_id is %s.', to_jsonb(r.company), to_jsonb(r.ledger_id)), 'postern.ledger'
    from reference as r
   where r.ledger_id is not null and not exists (select from ledger as l where l.company = r.company and l.ledger_id = r.ledger_id)
   union all
  select 'PS301', 'authority class',
         concat_ws(', ', format('company is %s', to_jsonb(r.company)), 'ledger_id is ' || to_jsonb(r.ledger_id)::text, format('class is %s.', to_jsonb(r.class))),
         'postern.authority_class'
    from reference as r
   where r.class is not null
     and not exists (select from class as c where c.company = r.company and c.ledger_id = coalesce(r.ledger_id, '') and c.class = r.class)
   union all
  select 'PS201', 'user', format('userid is %s.', to_jsonb(left(r.userid, 128))), 'postern.user_account'
    from reference as r
   where r.userid is not null
     and not exists (select from postern_internal.end_user as e where e.userid = r.userid)
     and not exists (select from postern_internal.end_user as e where e.folded = postern_internal.fold_userid(r.userid))
     and not exists (select from new_user as u where u.folded = postern_internal.fold_userid(r.userid))
   limit 1;
  if found then
    raise exception using
      errcode = problem.code,
      message = format('There is no such %s', problem.kind),
      detail = problem.detail,
      hint = format('Choose one in %s%s.', problem.source, case when problem.kind = 'setting' then '' else ', or add it to the changes' end);
  end if;

  for rule in
    select r ->> 'class' as class,
           array(select coalesce(r ->> ('code_' || p), '%') from unnest('{a,b,c,d,e,f,g,h,i,j}'::text[]) with ordinality as u (p, place) order by u.place) as patterns
      from jsonb_array_elements(changes -> 'rules') as r
  loop
    if rule.class = 'MAX' then
      raise exception using
        errcode = 'PS301',
        message = 'The class MAX cannot be changed',
        detail = 'It allows everything, in every company and internal ledger.',
        hint = 'Name another class in "rules".';
    end if;
    perform postern_internal.require_patterns(rule.patterns);
  end loop;
end
$$;
revoke execute on function postern_internal.check_changes(jsonb) from public;
comment on function postern_internal.check_changes(jsonb) is
'Errors: PS107 changes is not what access_impact takes, or there is no such setting, PS106 no such gate, PS201 no such company or user, PS301 no such ledger or class, or a pattern that is not usable.';
