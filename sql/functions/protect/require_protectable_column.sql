create or replace function postern.require_protectable_column(
  target regclass,
  argument text,
  column_name name,
  types regtype[]
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_column record;
begin
  perform from postern.protectable_tables(target);
  if argument is null or length(argument) > 63 or types is null then
    raise exception using
      errcode = 'PS107',
      message = 'argument or types are not usable',
      detail = format('argument is %s, types is %s.', coalesce(to_jsonb(left(argument, 128))::text, 'NULL'), coalesce(left(types::text, 128), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger, which call this.';
  end if;
  -- A domain counts as its base type, even a domain over a domain.
  with recursive base (oid, basetype) as (
    select t.oid, t.typbasetype
      from pg_attribute as a
      join pg_type as t on t.oid = a.atttypid
     where a.attrelid = target and a.attname = column_name and a.attnum > 0 and not a.attisdropped
     union all
    select t.oid, t.typbasetype from base as b join pg_type as t on t.oid = b.basetype
  )
  select format_type(a.atttypid, a.atttypmod) as type_name, b.oid as base_type, coalesce(l.collisdeterministic, true) as deterministic
    into found_column
    from pg_attribute as a
    join base as b on b.basetype = 0
    left join pg_collation as l on l.oid = a.attcollation
   where a.attrelid = target and a.attname = column_name and a.attnum > 0 and not a.attisdropped;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = format('%s has no such column', target),
      detail = format('%s is %s.', argument, coalesce(quote_ident(column_name), 'NULL')),
      hint = format('Name the column: %s => ''...''. Its columns are: %s.', argument,
                    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                       from pg_attribute as a
                      where a.attrelid = target and a.attnum > 0 and not a.attisdropped));
  end if;
  if found_column.base_type <> all (types) then
    raise exception using
      errcode = 'PS107',
      message = format('The column %I of %s has another type', column_name, target),
      detail = format('%s is %I, which is %s.', argument, column_name, found_column.type_name),
      hint = format('Use a column of type %s, or a domain over it.',
                    (select string_agg(format_type(t.oid, null), ' or ' order by t.position)
                       from unnest(types) with ordinality as t (oid, position)));
  end if;
  -- If upper case equalled lower case, a user of company ab would see the rows of AB.
  if not found_column.deterministic then
    raise exception using
      errcode = 'PS107',
      message = format('The column %I of %s has a nondeterministic collation', column_name, target),
      detail = format('%s is %I; different values can compare as equal there.', argument, column_name),
      hint = format('Run: alter table %s alter column %I type text collate "default";', target, column_name);
  end if;
end
$$;
revoke execute on function postern.require_protectable_column(regclass, text, name, regtype[]) from public;
grant execute on function postern.require_protectable_column(regclass, text, name, regtype[]) to postern_admin;
comment on function postern.require_protectable_column(regclass, text, name, regtype[]) is
'For protect_...: raises an error unless target has a column of one of types that a policy can compare. argument: its name in the error. Errors: PS107.';
