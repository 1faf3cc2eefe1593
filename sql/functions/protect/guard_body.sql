-- Most statements change none of the guarded columns. Comparing two arrays of these columns takes a tenth of the time
-- of a join of old and new rows. An array holds at most one gigabyte, so it is not tried for many rows. *= compares
-- stored values. Arrays of arrays would need the same dimensions, hence row().
--
-- If a BEFORE trigger drops a row that moves to another partition, the UPDATE has fewer new rows than old ones. Nobody
-- can then say which old row belongs to which new one, so the statement is refused.

create or replace function postern.guard_body(
  target regclass,
  gate_id text,
  operations text[],
  columns name[],
  parameters jsonb,
  condition text
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  select format(
'
-- Made by postern.protect_gate, which replaces it. Do not edit.
#variable_conflict use_column
declare
  postern_rows jsonb;
begin
%s  end if;
  if postern_rows is not null then
    perform postern.reach_guard(%L, postern_rows);
  end if;
  return null;
end
',
    (select string_agg(
              format(E'  %s tg_op = %L then\n', case o.position when 1 then 'if' else 'elsif' end, upper(o.operation))
              || case when o.operation = 'update'
                      then case when columns is null then '' else format(E'    if (select count(*) from postern_new) <= 10000\n'
                                           || E'       and (select row(%1$s)::record from postern_old as o) *= (select row(%1$s)::record from postern_new as o) then\n'
                                           || E'      return null;\n    end if;\n', c.arrays) end
                           || E'    if (select count(*) from postern_old) <> (select count(*) from postern_new) then\n'
                           || E'      raise exception using\n        errcode = ''55000'',\n'
                           || E'        message = format(''The guard of %s cannot compare old rows with new ones'', tg_relid::regclass),\n'
                           || E'        detail = ''The UPDATE removed rows and did not put all of them back: a BEFORE trigger has left out a row that would have moved to another partition.'',\n'
                           || E'        hint = ''Have that trigger raise an error instead of returning NULL, or send a DELETE and an INSERT.'';\n    end if;\n' else '' end
              || '    postern_rows := (' || postern.guard_query(o.operation, 'postern_old', 'postern_new', columns, parameters, condition) || E');\n',
              '' order by o.position)
       from unnest(operations) with ordinality as o (operation, position)
      cross join (select string_agg(format(case when t.typcategory = 'A' then 'array_agg(row(o.%I))' else 'array_agg(o.%I)' end, a.attname), ', ' order by k.position) as arrays
                    from unnest(columns) with ordinality as k (name, position)
                    join pg_attribute as a on a.attrelid = target and a.attname = k.name and a.attnum > 0
                    join pg_type as t on t.oid = a.atttypid) as c),
    gate_id);
end;
revoke execute on function postern.guard_body(regclass, text, text[], name[], jsonb, text) from public;
grant execute on function postern.guard_body(regclass, text, text[], name[], jsonb, text) to postern_admin, postern_auditor;
comment on function postern.guard_body(regclass, text, text[], name[], jsonb, text) is
'For protect_gate and doctor: the body of the function of a guard. Arguments: those of protect_gate, in the form in which postern.protected_table has them.';
