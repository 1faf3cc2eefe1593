-- Creates a view from the query of the guard, to find wrong names and types now: otherwise each later write would fail.
-- Creating a view reads nothing, and runs none of the owner's code.

create or replace function postern.check_guard(
  target regclass,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  gate record;
  owner regrole;
  home name;
  rows text;
  candidate text;
  reason text;
  advice text;
  operation text;
  other_types constant name[] := postern.columns_of_other_types(target);
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  select c.relowner::regrole, n.nspname into strict owner, home
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target;
  select g.* into gate from postern.gate as g where g.gate_id = check_guard.gate_id;
  if not found then
    perform postern.guard_stops(gate_id);  -- raises PS106
  end if;
  select case
           when parameters is null then 'parameters is NULL.'
           when gate.built_in then format('Gate %s is built in.', gate_id)
           when operations is null or cardinality(operations) = 0 then 'operations is empty.'
           when not operations <@ array['insert', 'update', 'delete'] or exists (select from unnest(operations) as name where name is null)
             then format('operations is %s.', to_jsonb(operations))
           when (select count(distinct name) from unnest(operations) as name) < cardinality(operations) then 'operations names one twice.'
           when columns is not null and 'update' <> all (operations) then 'columns is given, and operations does not include update.'
           when cardinality(columns) = 0 or array_ndims(columns) > 1 or exists (select from unnest(columns) as name where name is null) then format('columns is %s.', to_jsonb(columns))
         end,
         'operations is an array of insert, update and delete; columns names columns whose UPDATE is guarded, or is NULL for all of them.'
    into reason, advice;
  if reason is null then
    select format('columns names %s, which %s does not have.', string_agg(quote_ident(name), ', '), target),
           'Name columns of the table in columns.'
      into reason, advice
      from unnest(columns) as name
     where not exists (select from pg_attribute as a where a.attrelid = target and a.attname = name and a.attnum > 0 and not a.attisdropped)
    having count(*) > 0;
  end if;
  if reason is null and array(select jsonb_object_keys(parameters) order by 1) is distinct from array(select name from unnest(gate.parameters) as name order by 1) then
    reason := format('parameters is for %s; gate %s has the parameters %s.',
                     coalesce((select string_agg(name, ', ' order by name) from jsonb_object_keys(parameters) as name), 'none'), gate_id,
                     coalesce(nullif(array_to_string(gate.parameters, ', '), ''), '(none)'));
    advice := 'Name in parameters, for each parameter of the gate, a column: ''{"AMOUNT": "amount"}''. Totals are "count" and "sum(amount)".';
  end if;
  if reason is null then
    select format('parameters names %s, which %s does not have.', string_agg(quote_ident(k.name), ', '), target),
           'Name in parameters a column of the table, "count" or "sum(column)".'
      into reason, advice
      from jsonb_each_text(parameters) as p
     cross join lateral (select coalesce(substring(p.value from '^sum[(](.*)[)]$'), p.value) as name) as k
     where p.value <> 'count(*)'
       and not exists (select from pg_attribute as a where a.attrelid = target and a.attname = k.name and a.attnum > 0 and not a.attisdropped)
    having count(*) > 0;
  end if;
  if reason is null then
    -- Whoever owns the type could make it a number, by a cast that runs with the rights of the table's owner.
    select format('parameters has the sum of %s, whose type is none of PostgreSQL''s own.', string_agg(quote_ident(k.name), ', ')),
           'Use sum() for columns of PostgreSQL''s own types.'
      into reason, advice
      from jsonb_each_text(parameters) as p
     cross join lateral (select substring(p.value from '^sum[(](.*)[)]$') as name) as k
     where k.name = any (other_types)
    having count(*) > 0;
  end if;
  if reason is null and not has_schema_privilege(owner, home, 'create') then
    reason := format('%s, the owner of %s, may not create the function of the guard in schema %I.', owner, target, home);
    advice := format('grant create on schema %I to %s;', home, owner);
  elsif reason is null and not has_schema_privilege(owner, 'postern', 'usage') then
    reason := format('%s, the owner of %s, may not use schema postern, which the function of the guard calls.', owner, target);
    advice := format('grant postern_admin to %s;', owner);
  end if;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = format('%s cannot be guarded by this gate in this way', target),
      detail = reason,
      hint = advice;
  end if;

  candidate := format('%I.postern_candidate', home);
  -- A transition table has no value of a virtual generated column.
  select format('(select %s from %s)', string_agg(quote_ident(a.attname), ', ' order by a.attnum), target)
    into rows
    from pg_attribute as a
   where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v';
  foreach operation in array operations loop
    begin
      execute format('create view %s as %s', candidate,
                     postern.guard_query(operation, rows, rows, columns, parameters, condition, other_types));
    exception when others then
      raise exception using
        errcode = 'PS107',
        message = format('The condition or a parameter of the guard of %s is not usable', target),
        detail = format('As SQL it fails for %s: %s (%s).', operation, sqlerrm, sqlstate),
        hint = 'Write condition as an SQL expression over the columns of old and new: new.approved and not old.approved. Qualify the names of other tables and of functions with their schema. sum() needs a number, and a virtual generated column has no value here.';
    end;
    execute format('drop view %s', candidate);
  end loop;
end
$$;
revoke execute on function postern.check_guard(regclass, text, text[], name[], jsonb, text) from public;
grant execute on function postern.check_guard(regclass, text, text[], name[], jsonb, text) to postern_admin;
comment on function postern.check_guard(regclass, text, text[], name[], jsonb, text) is
'For protect_gate: raises an error unless the table can be guarded in this way. Creates and drops a view beside the table. Arguments: those of protect_gate, in the form in which postern.protected_table has them. Errors: PS106 no such gate, PS107 anything else.';
