-- A table below several protected ones stays protected as long as one of them is, and so does a table that is itself
-- listed. So each relation is checked separately, after target has left the list.

create or replace function postern.unprotect(target regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  listed boolean;
  protecting regclass;
  relation regclass;
  before record;
  policy name;
  later text;
  kept regclass[] := '{}'::regclass[];
  parents text;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target, true);
  delete from postern.protected_table as p
   using pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target and p.schema_name = n.nspname and p.table_name = c.relname and p.protection <> 'gate';
  listed := found;
  select t.target into protecting from postern.protecting_tables(target) as t limit 1;
  if not listed and protecting is not null then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected separately', target),
      detail = format('It is protected through %s.', protecting),
      hint = format('Unprotect %s with all tables below it: select postern.unprotect(%L);', protecting, protecting);
  elsif not listed and not exists (select from pg_policy as p where p.polrelid = target and p.polname in ('postern_company', 'postern_ledger')) then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected', target),
      detail = 'It has no policy from Postern.',
      hint = 'Choose one of the tables in postern.protected_table.';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for relation in select p from postern.protectable_tables(target, true) as p loop
    if exists (select from postern.protecting_tables(relation)) then
      kept := kept || relation;
      continue;
    end if;
    select b.* into strict before from postern.before_protection(relation) as b;
    for policy in
      select p.polname from pg_policy as p
       where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger', 'postern_permit')
    loop
      execute format('drop policy %I on %s', policy, relation);
    end loop;
    if exists (select from pg_trigger as t where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate') then
      execute format('drop trigger postern_refuse_truncate on %s', relation);
    end if;
    -- Policies that the application has created since then rely on row security.
    select string_agg(quote_ident(p.polname), ', ' order by p.polname) into later
      from pg_policy as p
     where p.polrelid = relation and not before.enabled and p.polname::text <> all (before.policies);
    if later is not null then
      raise notice using
        message = format('Row security stays on, and forced, on %s', relation),
        detail = format('The table had none before it was protected, and has policies that were added since: %s.', later),
        hint = format('If that is not intended, run: alter table %s no force row level security, disable row level security;', relation);
      continue;
    end if;
    if not before.forced then
      execute format('alter table %s no force row level security', relation);
    end if;
    if not before.enabled then
      execute format('alter table %s disable row level security', relation);
    end if;
  end loop;
  -- Only now is it known which parents are open.
  foreach relation in array kept loop
    select t.target, ('postern_' || t.protection)::name into strict protecting, policy from postern.protecting_tables(relation) as t limit 1;
    parents := postern.open_parents(array[relation], policy);
    raise notice using
      message = format('%s stays protected', relation),
      detail = format('It is protected through %s too.', protecting)
                         || coalesce(format(' Queries of these parents read its rows without its policy %I: %s.', policy, parents), ''),
      hint = format('To end that, run: select postern.unprotect(%L);', protecting)
                     || case when parents is null then '' else ' Or close the parents: protect them again, or run: alter table child no inherit parent;' end;
  end loop;
end
$$;
revoke execute on function postern.unprotect(regclass) from public;
grant execute on function postern.unprotect(regclass) to postern_admin;
comment on function postern.unprotect(regclass) is
'Removes what protect_company or protect_ledger added to a table and its partitions, and restores their earlier row security. It stays on and forced if the application has created policies since. Tables below another protected table, or listed in postern.protected_table themselves, stay protected; a NOTICE says so, and names the parents that read them without their policy. Errors: PS107 target is not protected, or only through another table, or not the caller''s.';
