create or replace function postern.guard_arguments(
  target regclass,
  gate_id text,
  operations text[],
  parameters jsonb,
  out sorted_operations text[],
  out sources jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if parameters is not null and (jsonb_typeof(parameters) <> 'object' or exists (select from jsonb_each(parameters) as p where jsonb_typeof(p.value) <> 'string')) then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters of the guard are not usable',
      detail = format('parameters is %s.', left(parameters::text, 1000)),
      hint = 'Pass an object with a text for each parameter of the gate: ''{"AMOUNT": "amount"}''.';
  end if;
  -- In one order, because guards are compared by the text of their function.
  sorted_operations := array(select lower(name) from unnest(operations) as name order by array_position(array['insert', 'update', 'delete'], lower(name)), lower(name));
  sources := parameters;
  if sources is null then
    sources := coalesce(
      (select jsonb_object_agg(p.name, coalesce(
                (select a.attname::text
                   from pg_attribute as a
                  where a.attrelid = target and a.attnum > 0 and not a.attisdropped and lower(a.attname) = lower(p.name)
                  order by a.attname = p.name desc, a.attname = lower(p.name) desc
                  limit 1), lower(p.name)))
         from postern.gate as g cross join lateral unnest(g.parameters) as p (name)
        where g.gate_id = guard_arguments.gate_id), '{}');
  end if;
  sources := coalesce(
    (select jsonb_object_agg(p.key, case when k.is_column then k.value
                                         when k.value ~* '^count([[:space:]]*[(][[:space:]]*[*]?[[:space:]]*[)])?$' then 'count(*)'
                                         else coalesce('sum(' || btrim(substring(k.value from '^[sS][uU][mM][[:space:]]*[(](.*)[)]$')) || ')', k.value) end)
       from jsonb_each_text(sources) as p
      cross join lateral (
        select btrim(p.value) as value,
               exists (select from pg_attribute as a where a.attrelid = target and a.attnum > 0 and not a.attisdropped
                          and a.attname = btrim(p.value) and a.attname !~ '[()]') as is_column) as k), '{}');
end
$$;
revoke execute on function postern.guard_arguments(regclass, text, text[], jsonb) from public;
grant execute on function postern.guard_arguments(regclass, text, text[], jsonb) to postern_admin;
comment on function postern.guard_arguments(regclass, text, text[], jsonb) is
'For protect_gate: its arguments in the form in which postern.protected_table has them. Errors: PS107 parameters is not an object of texts.';
