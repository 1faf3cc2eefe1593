-- PostgreSQL checks the rows that are there when a foreign key is added or validated by a query of whoever runs the
-- command. Row security is forced on the owner, so that query sees the owner's rows: one that violates the key and is
-- hidden is passed over, a hidden row that is referred to counts as missing, and an owner who is no end user gets PS401.
--
-- So row security is not forced while the rows are checked. That takes nothing that an owner does not have, who may alter
-- the table anyway. ALTER TABLE locks it against everybody else, and an error takes all of it back. Where a table belongs
-- to somebody else, PostgreSQL finds that it cannot ask by a query, and looks up each row past row security.
--
-- A valid key is put in anew, since PostgreSQL does not check one a second time.

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
      hint = format('Name a foreign key of the table. It has: %s. Other constraints are checked past row security: alter table ... validate constraint ...;',
                    coalesce((select string_agg(quote_ident(k.conname), ', ' order by k.conname)
                                from pg_constraint as k
                               where k.conrelid = target and k.contype = 'f'), 'none'));
  elsif key.conparentid <> 0 then
    raise exception using
      errcode = 'PS107',
      message = format('The foreign key %I of %s belongs to that of another table', constraint_name, target),
      detail = format('It came with %s.', (select p.conrelid::regclass from pg_constraint as p where p.oid = key.conparentid)),
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
'Checks all rows of a protected table against a foreign key, hidden ones too, and makes it valid; a valid key is checked once more. With the rights of the caller, who owns the table and need not be an end user. target: the table that refers to another one. Locks it, and the other one where it is protected and the caller''s. Errors: 23503 a row violates the key; PS107 no such foreign key, one of a partition, or not the caller''s table.';
