-- The owner of a type can define how it becomes JSON, with CREATE CAST, at any time. That function would run with the
-- rights of the table's owner, and say something else than what is stored. JSON looks for such a cast where the type
-- under all domains is none of PostgreSQL's own, whose numbers are below 16384. The output function of a type belongs to
-- a superuser.

create or replace function postern.columns_of_other_types(target regclass)
returns name[]
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  return array(
    select a.attname
      from pg_attribute as a
     where a.attrelid = target
       and a.attnum > 0
       and not a.attisdropped
       and (with recursive under (oid, base) as (
              select t.oid, t.typbasetype from pg_type as t where t.oid = a.atttypid
              union all
              select t.oid, t.typbasetype from under as u join pg_type as t on t.oid = u.base
            )
            select u.oid >= 16384 from under as u where u.base = 0)
     order by a.attnum);
end;
revoke execute on function postern.columns_of_other_types(regclass) from public;
grant execute on function postern.columns_of_other_types(regclass) to postern_admin, postern_auditor;
comment on function postern.columns_of_other_types(regclass) is
'For protect_gate and doctor: the columns of a table whose type, under all domains, is none of PostgreSQL''s own: enums, composites, ranges, arrays of these, types of extensions. A guard shows the text of their values.';
