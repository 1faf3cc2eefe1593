-- Most statements change none of the guarded columns. Comparing two arrays of these columns takes a tenth of the time
-- of a join of old and new rows. An array holds at most one gigabyte, so it is not tried for many rows. *= compares
-- stored values. Arrays of arrays would need the same dimensions, hence row().
--
-- If a BEFORE trigger drops a row that moves to another partition, the UPDATE has fewer new rows than old ones. Nobody
-- can then say which old row belongs to which new one, so the statement is refused.
--
-- The body is compared with the present one, so no setting may change how names are written in it.

create or replace function postern.guard_body(
  target regclass,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $function$
declare
  operation text;
  arrays text;
  before text;
  branches text := '';
  other_types constant name[] := postern.columns_of_other_types(target);
begin
  -- Not a loop over the argument: whoever may call this could pass millions of operations.
  foreach operation in array array['insert', 'update', 'delete'] loop
    continue when (operation = any (operations)) is not true;
    before := '';
    if operation = 'update' then
      select string_agg(format(case when t.typcategory = 'A' then 'array_agg(row(o.%I))' else 'array_agg(o.%I)' end, a.attname), ', ' order by k.position)
        into arrays
        from unnest(columns) with ordinality as k (name, position)
        join pg_attribute as a on a.attrelid = target and a.attname = k.name and a.attnum > 0
        join pg_type as t on t.oid = a.atttypid;
      if arrays is not null then
        before := format($$
    if (select count(*) from postern_new) <= 10000
       and (select row(%1$s)::record from postern_old as o) *= (select row(%1$s)::record from postern_new as o) then
      return null;
    end if;$$, arrays);
      end if;
      before := before || $$
    if (select count(*) from postern_old) <> (select count(*) from postern_new) then
      raise exception using
        errcode = '55000',
        message = format('The guard of %s cannot compare old rows with new ones', tg_relid::regclass),
        detail = 'The UPDATE removed rows and did not put all of them back: a BEFORE trigger has left out a row that would have moved to another partition.',
        hint = 'Have that trigger raise an error instead of returning NULL, or send a DELETE and an INSERT.';
    end if;$$;
    end if;
    branches := branches || format($$
  if tg_op = %L then%s
    postern_rows := (%s);
  end if;$$, upper(operation), before, postern.guard_query(operation, 'postern_old', 'postern_new', columns, parameters, condition, other_types));
  end loop;
  return format($$
-- Made by postern.protect_gate, which replaces it. Do not edit.
#variable_conflict use_column
declare
  postern_rows jsonb;
begin%s
  if postern_rows is not null then
    perform postern.reach_guard(%L, postern_rows);
  end if;
  return null;
end
$$, branches, gate_id);
end
$function$;
revoke execute on function postern.guard_body(regclass, text, text[], name[], jsonb, text) from public;
grant execute on function postern.guard_body(regclass, text, text[], name[], jsonb, text) to postern_admin, postern_auditor;
comment on function postern.guard_body(regclass, text, text[], name[], jsonb, text) is
'For protect_gate and doctor: the body of the function of a guard. Arguments: those of protect_gate, in the form in which postern.protected_table has them.';
