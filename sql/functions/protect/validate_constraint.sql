-- When a foreign key is added or validated, PostgreSQL checks existing rows with a query of whoever runs the command.
-- Row security is forced on the owner, so that query sees only the owner's rows. A hidden row that violates the key is
-- skipped, a hidden row that is referred to counts as missing, and an owner who is no end user gets PS401.
--
-- So row security is not forced while the rows are checked. That gives an owner nothing new, since they may alter the
-- table anyway. ALTER TABLE locks out everybody else, and an error rolls everything back. If the other table belongs to
-- somebody else, PostgreSQL finds that it cannot use a query, and looks up each row without row security.
--
-- A valid key is created again, because PostgreSQL does not check one a second time.

create or replace function postern.validate_constraint(
  target regclass,
  constraint_name name
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  key record;
  forced regclass[];
  relation regclass;
begin
  select k.confrelid, k.convalidated, k.conparentid, c.relowner,
         regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition, obj_description(k.oid, 'pg_constraint') as remark
    into key
    from pg_constraint as k
    join pg_class as c on c.oid = k.conrelid
   where k.conrelid = target and k.conname = constraint_name and k.contype = 'f';
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such foreign key',
      detail = format('target is %s, constraint_name is %s.', coalesce(target::text, 'NULL'), coalesce(quote_ident(constraint_name), 'NULL')),
      hint = format('Name a foreign key of the table. It has: %s. Other constraints are checked without row security: alter table ... validate constraint ...;',
                    coalesce((select string_agg(quote_ident(k.conname), ', ' order by k.conname)
                                from pg_constraint as k
                               where k.conrelid = target and k.contype = 'f'), 'none'));
  elsif key.conparentid <> 0 then
    raise exception using
      errcode = 'PS107',
      message = format('The foreign key %I of %s belongs to the key of another table', constraint_name, target),
      detail = format('It was inherited from %s.', (select p.conrelid::regclass from pg_constraint as p where p.oid = key.conparentid)),
      hint = format('Validate the key of %s.', (select p.conrelid::regclass from pg_constraint as p where p.oid = key.conparentid));
  elsif not pg_has_role(current_user, key.relowner, 'usage') then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not yours to validate', target),
      detail = format('It belongs to %s; the caller is %I.', key.relowner::regrole, current_user),
      hint = format('Have its owner call this: set role %s;', key.relowner::regrole);
  end if;
  forced := array(
    with recursive family (oid) as (
      select unnest(array[target, key.confrelid]::oid[])
       union
      select i.inhrelid from pg_inherits as i join family as f on f.oid = i.inhparent
    )
    select c.oid::regclass
      from family as f
      join pg_class as c on c.oid = f.oid
     where c.relrowsecurity and c.relforcerowsecurity and row_security_active(c.oid) and pg_has_role(current_user, c.relowner, 'usage')
     order by c.oid);
  foreach relation in array forced loop
    execute format('alter table %s no force row level security', relation);
  end loop;
  if key.convalidated then
    execute format('alter table %1$s drop constraint %2$I, add constraint %2$I %3$s', target, constraint_name, key.definition);
    if key.remark is not null then
      execute format('comment on constraint %I on %s is %L', constraint_name, target, key.remark);
    end if;
  else
    execute format('alter table %s validate constraint %I', target, constraint_name);
  end if;
  foreach relation in array forced loop
    execute format('alter table %s force row level security', relation);
  end loop;
end
$$;
revoke execute on function postern.validate_constraint(regclass, name) from public;
grant execute on function postern.validate_constraint(regclass, name) to postern_user, postern_admin;
comment on function postern.validate_constraint(regclass, name) is
'Checks all rows of a protected table against a foreign key, including hidden ones, and makes it valid; a valid key is checked again. Runs with the rights of the caller, who must own the table but need not be an end user. target: the referencing table. Locks it, and also the referenced table if that is protected and the caller''s. Errors: 23503 a row violates the key; PS107 no such foreign key, one of a partition, or not the caller''s table.';
