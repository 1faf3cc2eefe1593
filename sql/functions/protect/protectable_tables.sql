-- A query of a table applies the policies of that table, and not those of its partitions; a query of a partition
-- applies only the partition's. So protection begins at the top and covers everything below. Inheritance works in the
-- same way.

create or replace function postern.protectable_tables(
  target regclass,
  with_parent boolean default false
)
returns setof regclass
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  relation record;
  parent regclass;
begin
  if target is null then
    raise exception using
      errcode = 'PS107',
      message = 'target is missing',
      detail = 'target is NULL.',
      hint = 'Pass the name of a table: ''schema.table''.';
  end if;
  select i.inhparent::regclass into parent from pg_inherits as i where i.inhrelid = target;
  if parent is not null and not with_parent then
    raise exception using
      errcode = 'PS107',
      message = format('%s cannot be protected separately', target),
      detail = format('Queries of %s read it too, with the policies of %s.', parent, parent),
      hint = format('Protect %s, which covers all tables below it. Protect it again after a partition was added.', parent);
  end if;

  for relation in
    with recursive family (oid) as (
      select target::oid
       union
      select i.inhrelid from pg_inherits as i join family as f on f.oid = i.inhparent
    )
    select f.oid, c.relkind, c.relpersistence, c.relowner, n.nspname
      from family as f
      left join pg_class as c on c.oid = f.oid
      left join pg_namespace as n on n.oid = c.relnamespace
     order by f.oid <> target, f.oid
  loop
    if relation.relkind is null then
      raise exception using
        errcode = 'PS107',
        message = 'There is no such table',
        detail = format('target is %s.', target),
        hint = 'Pass the name of a table: ''schema.table''.';
    end if;
    if relation.relowner = 'postern_owner'::regrole or relation.nspname = 'information_schema' or relation.nspname ~ '^pg_' then
      raise exception using
        errcode = 'PS107',
        message = format('%s is not a table of an application', relation.oid::regclass),
        detail = format('It is %s.', case when relation.relowner = 'postern_owner'::regrole then 'Postern''s own'
                                          when relation.relpersistence = 't' then 'temporary'
                                          else 'the system''s' end),
        hint = 'Pass a table of the application.';
    end if;
    if relation.relkind not in ('r', 'p') then
      raise exception using
        errcode = 'PS107',
        message = format('%s cannot be protected', relation.oid::regclass),
        detail = format('It is a %s; only tables can have policies.',
                        case relation.relkind when 'v' then 'view'
                                              when 'm' then 'materialized view'
                                              when 'f' then 'foreign table'
                                              when 'S' then 'sequence'
                                              when 'c' then 'type'
                                              else 'relation of another kind' end),
        hint = case relation.relkind
                 when 'v' then format('Protect the tables that it reads, and run alter view %s set (security_invoker = true); so that their policies check the user of the view.', relation.oid::regclass)
                 when 'm' then 'Revoke access to it from users: it holds rows that its owner saw. Use a view over protected tables instead.'
                 when 'f' then 'Protect the table on the server that holds it, or detach it here.'
                 else 'Pass a table.'
               end;
    end if;
    if not pg_has_role(current_user, relation.relowner, 'usage') then
      raise exception using
        errcode = 'PS107',
        message = format('%s is not yours to protect', relation.oid::regclass),
        detail = format('It belongs to %s; the caller is %I.', relation.relowner::regrole, current_user),
        hint = format('Have its owner call this: grant postern_admin to %s; set role %s;', relation.relowner::regrole, relation.relowner::regrole);
    end if;
    return next relation.oid::regclass;
  end loop;
end
$$;
revoke execute on function postern.protectable_tables(regclass, boolean) from public;
grant execute on function postern.protectable_tables(regclass, boolean) to postern_admin;
comment on function postern.protectable_tables(regclass, boolean) is
'For protect_... and unprotect: target and all its partitions and inheriting tables. with_parent: target may itself have a parent. Errors: PS107 target is NULL, missing, Postern''s or the system''s, not a table, not the caller''s, or has a parent, or one of these is true of a partition.';
